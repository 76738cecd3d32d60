"""Which signatures, attestations and SBOMs come along with the tags of a run."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from registry_ui.oci.errors import Cancelled, OciError
from registry_ui.oci.manifest import Descriptor

from ..models import ItemState, MirrorItem
from .ends import Ends
from .listing import Pair
from .signatures import keep_list, lists_referrers, referrers_of, tags_about

Subjects = Mapping[tuple[str, str], Iterable[str]]
"""(source, target) of a pair → the digests that are mirrored there."""


@dataclass(slots=True)
class Referring:
    """What the source's API names: by pair and subject."""

    found: dict[tuple[str, str, str], list[Descriptor]] = field(default_factory=dict)
    pairs: dict[tuple[str, str], Pair] = field(default_factory=dict)

    def asked(self) -> Iterator[tuple[Pair, str]]:
        """The referrers as tags to compare: each by its digest."""
        for (source, target, _subject), descriptors in self.found.items():
            for descriptor in descriptors:
                yield self.pairs[source, target], str(descriptor.digest)


def referrers_by_tag(pairs: Sequence[Pair], subjects: Subjects) -> list[tuple[Pair, str]]:
    """Tags of cosign's older kind, and the fallback lists, as far as the source's list of tags shows them: that costs nothing."""
    return [
        (pair, tag)
        for pair in pairs
        for tag in tags_about(pair, subjects.get((pair.source, pair.target), ()))
    ]


def referrers_by_api(
    pairs: Sequence[Pair], subjects: Subjects, ends: Ends, pool: ThreadPoolExecutor
) -> Referring:
    """By the source's API, where it has one: one request for each digest. Where it has none, one request finds that out."""
    referring = Referring(pairs={(pair.source, pair.target): pair for pair in pairs})
    wanted = [
        (pair, subject)
        for pair in pairs
        for subject in sorted(subjects.get((pair.source, pair.target), ()))
    ]
    if not wanted:
        return referring
    first, subject = wanted[0]
    with ends.source_slot():
        has_api = lists_referrers(ends.source_client(first.source).store(first.source), subject)
    if not has_api:
        return referring

    def ask(question: tuple[Pair, str]) -> list[Descriptor]:
        pair, subject = question
        try:
            with ends.source_slot():
                return (
                    referrers_of(ends.source_client(pair.source).store(pair.source), subject) or []
                )
        except Cancelled:
            raise
        except OciError:
            return []  # the image itself tells what is wrong with the source

    for (pair, subject), found in zip(wanted, pool.map(ask, wanted), strict=True):
        if found:
            referring.found[pair.source, pair.target, subject] = found
    return referring


def write_lists(referring: Referring, items: Sequence[MirrorItem], ends: Ends) -> None:
    """Where the target has no API for referrers, the fallback tags name what has arrived."""
    arrived = {(item.target_repository, item.tag) for item in items if item.state == ItemState.DONE}
    for (_source, target, subject), descriptors in referring.found.items():
        there = [
            descriptor for descriptor in descriptors if (target, str(descriptor.digest)) in arrived
        ]
        store = ends.plain_target(target)
        if there and store is not None:
            with ends.target_slot():
                has_api = lists_referrers(store, subject)
            if not has_api:
                keep_list(ends.target(target), subject, there)
