"""What a run has to look at: which repositories, under which names, and the tags on both sides."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from registry_ui.images.models import LocalImage
from registry_ui.oci.client import RegistryClient
from registry_ui.oci.errors import InvalidReference, NotFound, OciError
from registry_ui.oci.listing import is_digest_tag
from registry_ui.registries.catalogs import open_listing
from registry_ui.registries.clients import reveal

from ..models import Mirror, MirrorRun
from .ends import Ends
from .naming import Naming
from .patterns import is_glob, matches_glob
from .selection import Selection

_MOST_REPOSITORIES = 5_000


@dataclass(slots=True)
class Pair:
    """One repository and where it goes; what is known of both sides by now.

    `source_tags` and `target_tags` are None where no list was needed; `is_new` says that the target has no such repository.
    `digest_tags` carry signatures and lists of referrers.
    """

    source: str
    target: str
    tags: frozenset[str] = frozenset()
    source_tags: list[str] | None = None
    target_tags: set[str] | None = None
    digest_tags: list[str] = field(default_factory=list)
    # Of the local store, which needs no asking tag by tag: tag → digest
    local: dict[str, str] | None = None
    is_new: bool = False
    error: OciError | None = None

    @property
    def needs_source_list(self) -> bool:
        return not self.tags

    def may_have(self, tag: str) -> bool:
        """Whether the target can have a tag, as far as is known."""
        # A list of tags says nothing of what is named by its digest.
        return not self.is_new and (
            self.target_tags is None or tag in self.target_tags or ":" in tag
        )


def pairs_of(run: MirrorRun, ends: Ends) -> list[Pair]:
    """The repositories of a run, or those that it is limited to, with their names at the target.

    Raises:
        NamingCollision: two would get one name; nothing is copied then.
        NoListing, OciError: the source does not tell what matches a glob.
    """
    mirror = run.mirror
    chosen = _chosen(run)
    names = (
        _expanded(mirror, ends)
        if chosen is None or any(map(is_glob, mirror.repositories))
        else mirror.repositories
    )
    naming = {} if run.is_staging else mirror.naming
    targets = Naming.parse(naming).targets_of(names, host=mirror.source_registry.host)
    pairs = []
    for source, target in targets.items():
        if chosen is not None and source not in chosen:
            continue
        if run.target_registry == mirror.source_registry and source == target:
            raise InvalidReference(
                _("%(name)s would be copied to itself.") % {"name": source},
                advice=_("Choose another name for the target."),
            )
        pairs.append(
            _checked(Pair(source, target, chosen[source] if chosen else frozenset()), ends)
        )
    return pairs


def _checked(pair: Pair, ends: Ends) -> Pair:
    """A repository that a credential does not serve any more fails alone."""
    try:
        ends.check_rights(pair.source, pair.target)
    except OciError as exc:
        pair.error = exc
    return pair


def _chosen(run: MirrorRun) -> Mapping[str, frozenset[str]] | None:
    """Repository → tags that the run is limited to, none for all of them; None where it is not limited."""
    entries: Iterable[dict[str, Any]] = run.only
    if run.based_on is not None:
        moving = run.based_on.items.filter(action__in=("new", "changed"), state="waiting").exclude(
            tag=""
        )
        entries = [
            {"repository": name, "tag": tag}
            for name, tag in moving.values_list("source_repository", "tag")
        ]
    elif not run.only:
        return None
    chosen: dict[str, set[str]] = {}
    whole = {str(entry.get("repository")) for entry in entries if not entry.get("tag")}
    for entry in entries:
        chosen.setdefault(str(entry.get("repository")), set()).add(str(entry.get("tag") or ""))
    return {
        name: frozenset() if name in whole else frozenset(tags) for name, tags in chosen.items()
    }


def _expanded(mirror: Mirror, ends: Ends) -> list[str]:
    """The rule's repositories, globs replaced by what the source lists."""
    globs = [name for name in mirror.repositories if is_glob(name)]
    found = [name for name in mirror.repositories if not is_glob(name)]
    if globs:
        client, login = ends.for_listing()
        with ends.source_slot():
            _listing, names = open_listing(
                mirror.source_registry, client, reveal(login) if login is not None else None
            )
            found += sorted(
                name for name in names if any(matches_glob(name, pattern) for pattern in globs)
            )
    if len(found) > _MOST_REPOSITORIES:
        raise InvalidReference(
            _("%(count)d repositories match; one mirror takes %(most)d.")
            % {"count": len(found), "most": _MOST_REPOSITORIES},
            advice=_("Divide it among several mirrors with narrower names."),
        )
    if not found:
        raise InvalidReference(
            _("No repository of the source matches."),
            advice=_("Check the names and globs in the mirror's settings."),
        )
    return list(dict.fromkeys(found))


def list_pair(pair: Pair, ends: Ends, selection: Selection, *, always: bool) -> None:
    """Ask both sides for their tags, as far as they are needed. A failure of the source's is kept in the pair. For any thread.

    Args:
        always: also where the tags are named in full (for deleting extras, and for signatures).
    """
    if pair.error is not None:
        return
    try:
        if always or not (selection.is_literal or pair.tags):
            with ends.source_slot():
                names = list(
                    ends.source_client(pair.source).iterate_tags(pair.source, with_digests=True)
                )
            pair.source_tags = [name for name in names if not is_digest_tag(name)]
            pair.digest_tags = [name for name in names if is_digest_tag(name)]
            if (client := ends.target_client(pair.target)) is not None:
                with ends.target_slot():
                    pair.target_tags = _target_tags(pair, client)
    except OciError as exc:
        pair.error = exc


def _target_tags(pair: Pair, client: RegistryClient) -> set[str]:
    try:
        return set(client.iterate_tags(pair.target, with_digests=True))
    except NotFound:
        pair.is_new = True
        return set()


def look_at_local(pair: Pair, ends: Ends) -> None:
    """What the local store has under a pair's name."""
    name = ends.local_name(pair.target)
    rows = LocalImage.objects.filter(
        team=ends.mirror.team, registry=name.registry, repository=name.repository
    ).exclude(tag="")
    pair.local = dict(rows.values_list("tag", "digest"))
    pair.target_tags = set(pair.local)
    pair.is_new = not pair.local


def wanted_tags(pair: Pair, selection: Selection) -> Sequence[str]:
    """What is to be chosen from: the source's list, or the names that were written."""
    if pair.tags:
        return sorted(pair.tags)
    return pair.source_tags if pair.source_tags is not None else selection.tags
