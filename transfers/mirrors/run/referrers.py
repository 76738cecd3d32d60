"""Discovery of the signatures, attestations and SBOMs of a run's tags."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from registry_ui.oci.errors import Cancelled, OciError
from registry_ui.oci.manifest import Descriptor

from ..models import ItemState, MirrorItem
from .endpoints import Endpoints
from .repository_pairs import RepositoryPair
from .signatures import has_referrers_api, list_referrers, referrer_tags, update_fallback_tag

Subjects = Mapping[tuple[str, str], Iterable[str]]
"""(source, target) of a pair → the digests that are mirrored there."""


@dataclass(slots=True)
class ReferrerList:
    """The referrers that the source's API lists, by pair and subject."""

    by_subject: dict[tuple[str, str, str], list[Descriptor]] = field(default_factory=dict)
    pairs: dict[tuple[str, str], RepositoryPair] = field(default_factory=dict)

    def tags(self) -> Iterator[tuple[RepositoryPair, str]]:
        """Yield the referrers as tags to compare, each by its digest."""
        for (source, target, _subject), descriptors in self.by_subject.items():
            for descriptor in descriptors:
                yield self.pairs[source, target], str(descriptor.digest)


def find_referrers_by_tag(
    pairs: Sequence[RepositoryPair], subjects: Subjects
) -> list[tuple[RepositoryPair, str]]:
    """Return cosign's older tags and the fallback tags in the source's list of tags.

    This takes no further request.
    """
    return [
        (pair, tag)
        for pair in pairs
        for tag in referrer_tags(pair, subjects.get((pair.source, pair.target), ()))
    ]


def find_referrers_by_api(
    pairs: Sequence[RepositoryPair],
    subjects: Subjects,
    endpoints: Endpoints,
    pool: ThreadPoolExecutor,
) -> ReferrerList:
    """Return the referrers of each digest by the source's API, one request each.

    Where the source has no API, one request finds that out.
    """
    referrers = ReferrerList(pairs={(pair.source, pair.target): pair for pair in pairs})
    queries = [
        (pair, subject)
        for pair in pairs
        for subject in sorted(subjects.get((pair.source, pair.target), ()))
    ]

    if not queries:
        return referrers

    # The API is optional (distribution spec, "Listing Referrers"), so one request tests it.
    first, subject = queries[0]
    with endpoints.source_slot():
        store = endpoints.source_client(first.source).store(first.source)
        has_api = has_referrers_api(store, subject)

    if not has_api:
        return referrers

    def fetch(query: tuple[RepositoryPair, str]) -> list[Descriptor]:
        return _fetch_referrers(endpoints, *query)

    for (pair, subject), descriptors in zip(queries, pool.map(fetch, queries), strict=True):
        if descriptors:
            referrers.by_subject[pair.source, pair.target, subject] = descriptors

    return referrers


def _fetch_referrers(endpoints: Endpoints, pair: RepositoryPair, subject: str) -> list[Descriptor]:
    try:
        # The request bypasses the limited store, so it takes a slot itself.
        with endpoints.source_slot():
            store = endpoints.source_client(pair.source).store(pair.source)
            return list_referrers(store, subject) or []
    except Cancelled:
        raise
    except OciError:
        # The image itself fails with the same error, which is enough.
        return []


def write_fallback_tags(
    referrers: ReferrerList, items: Sequence[MirrorItem], endpoints: Endpoints
) -> None:
    """Add the copied referrers to fallback tags, where the target has no API."""
    copied_tags = {
        (item.target_repository, item.tag) for item in items if item.state == ItemState.DONE
    }
    for (_source, target, subject), descriptors in referrers.by_subject.items():
        copied = [
            descriptor
            for descriptor in descriptors
            if (target, str(descriptor.digest)) in copied_tags
        ]
        store = endpoints.target_registry_store(target)

        # Only what has arrived: a list must not name a missing manifest.
        if copied and store is not None:
            with endpoints.target_slot():
                has_api = has_referrers_api(store, subject)
            if not has_api:
                update_fallback_tag(endpoints.target(target), subject, copied)
