"""The repositories of a run, their names at the target, and the tags of both sides."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from registry_ui.catalog.repository_lists import open_listing
from registry_ui.credentials.clients import reveal
from registry_ui.images.models import LocalImage
from registry_ui.oci.client import RegistryClient
from registry_ui.oci.errors import InvalidReference, NotFound, OciError
from registry_ui.oci.name_lists import is_digest_tag

from ..models import Mirror, MirrorRun
from ..patterns import is_glob, matches_glob
from ..repository_naming import Naming
from ..selection import Selection
from .endpoints import Endpoints

_MAX_REPOSITORIES = 5_000


@dataclass(slots=True)
class RepositoryPair:
    """A repository of the source, its name at the target, and what is known of both.

    Args:
        tags: the only tags that the run is limited to; empty for all.
        source_tags, target_tags: the tags; None where no list was needed.
        digest_tags: the source's tags of signatures and lists of referrers.
        is_new: whether the target has no such repository.
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

    def may_have_tag(self, tag: str) -> bool:
        """Return whether the target can have a tag, as far as is known."""
        # A list of tags says nothing of what is named by its digest.
        return not self.is_new and (
            self.target_tags is None or tag in self.target_tags or ":" in tag
        )


def list_pairs(run: MirrorRun, endpoints: Endpoints) -> list[RepositoryPair]:
    """Return the repositories of a run, or those it is limited to, with their target names.

    Raises:
        NamingCollision: two repositories get the same name; nothing is copied.
        ListingUnavailable, OciError: the source does not list what matches a glob.
    """
    mirror = run.mirror
    limits = _limits(run)

    # A limited run of literal names needs no list of the source.
    names = (
        _expand_globs(mirror, endpoints)
        if limits is None or any(map(is_glob, mirror.repositories))
        else mirror.repositories
    )

    # Local images keep the name of their source, whatever the naming says.
    naming = {} if run.is_local_pull else mirror.naming
    targets = Naming.parse(naming).target_names(names, host=mirror.source_registry.host)
    pairs = []

    for source, target in targets.items():
        # Names are computed for all repositories first, so that a collision is found.
        if limits is not None and source not in limits:
            continue

        if run.target_registry == mirror.source_registry and source == target:
            raise InvalidReference("repository_copied_to_itself", name=source)

        pairs.append(
            _check_pair(
                RepositoryPair(source, target, limits[source] if limits else frozenset()), endpoints
            )
        )

    return pairs


def _check_pair(pair: RepositoryPair, endpoints: Endpoints) -> RepositoryPair:
    """Check the rights of a pair; a refused repository fails alone."""
    try:
        endpoints.check_rights(pair.source, pair.target)
    except OciError as exc:
        pair.error = exc
    return pair


def _limits(run: MirrorRun) -> Mapping[str, frozenset[str]] | None:
    """Return repository → the tags that the run is limited to; None for no limit.

    An empty set of tags stands for the whole repository.
    """
    entries: Iterable[dict[str, Any]] = run.limited_to
    if run.based_on is not None:
        # A plan is run as it was shown: only its tags that were new or changed.
        planned = run.based_on.items.filter(action__in=("new", "changed"), state="waiting").exclude(
            tag=""
        )
        entries = [
            {"repository": name, "tag": tag}
            for name, tag in planned.values_list("source_repository", "tag")
        ]
    elif not run.limited_to:
        return None

    limits: dict[str, set[str]] = {}

    # An entry without a tag stands for the whole repository, whatever else is named.
    full_repositories = {str(entry.get("repository")) for entry in entries if not entry.get("tag")}
    for entry in entries:
        limits.setdefault(str(entry.get("repository")), set()).add(str(entry.get("tag") or ""))

    return {
        name: frozenset() if name in full_repositories else frozenset(tags)
        for name, tags in limits.items()
    }


def _expand_globs(mirror: Mirror, endpoints: Endpoints) -> list[str]:
    """Return the mirror's repositories, with globs replaced by the source's names."""
    globs = [name for name in mirror.repositories if is_glob(name)]
    repositories = [name for name in mirror.repositories if not is_glob(name)]
    if globs:
        client, login = endpoints.listing_client()
        with endpoints.source_slot():
            _listing, names = open_listing(
                mirror.source_registry, client, reveal(login) if login is not None else None
            )
            repositories += sorted(
                name for name in names if any(matches_glob(name, pattern) for pattern in globs)
            )

    if len(repositories) > _MAX_REPOSITORIES:
        raise InvalidReference(
            "too_many_repositories", count=len(repositories), most=_MAX_REPOSITORIES
        )

    if not repositories:
        raise InvalidReference("no_repository_matches")

    # A repository may be named in full and match a glob too.
    return list(dict.fromkeys(repositories))


def list_tags(
    pair: RepositoryPair, endpoints: Endpoints, selection: Selection, *, always: bool
) -> None:
    """List the tags of both sides as far as they are needed. Thread-safe.

    A failure of the source is kept in the pair.

    Args:
        always: also where the tags are named in full (to delete extras, and for signatures).
    """
    if pair.error is not None:
        return

    try:
        # Named tags are asked for one by one, which takes fewer requests than a long list.
        if always or not (selection.is_literal or pair.tags):
            with endpoints.source_slot():
                names = list(
                    endpoints.source_client(pair.source).iterate_tags(
                        pair.source, with_digests=True
                    )
                )

            pair.source_tags = [name for name in names if not is_digest_tag(name)]
            pair.digest_tags = [name for name in names if is_digest_tag(name)]

            # The list of the target answers "no such tag" without a HEAD request per tag.
            if (client := endpoints.target_client(pair.target)) is not None:
                with endpoints.target_slot():
                    pair.target_tags = _target_tags(pair, client)
    except OciError as exc:
        pair.error = exc


def _target_tags(pair: RepositoryPair, client: RegistryClient) -> set[str]:
    try:
        return set(client.iterate_tags(pair.target, with_digests=True))
    except NotFound:
        # Many registries create a repository with its first push.
        pair.is_new = True
        return set()


def read_local_tags(pair: RepositoryPair, endpoints: Endpoints) -> None:
    """Read the tags of a pair among the local images."""
    # One query instead of a HEAD request per tag.
    name = endpoints.local_name(pair.target)
    rows = LocalImage.objects.filter(
        team=endpoints.mirror.team, registry=name.registry, repository=name.repository
    ).exclude(tag="")
    pair.local = dict(rows.values_list("tag", "digest"))
    pair.target_tags = set(pair.local)
    pair.is_new = not pair.local


def candidate_tags(pair: RepositoryPair, selection: Selection) -> Sequence[str]:
    """Return the tags to select from: the source's list, or the names of the mirror."""
    if pair.tags:
        return sorted(pair.tags)
    return pair.source_tags if pair.source_tags is not None else selection.tags
