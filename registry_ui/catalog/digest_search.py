"""The search for a digest: as a tag's digest, child of an index, image id, referrer or blob."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model, Q, QuerySet
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from registry_ui.accounts.models import Team
from registry_ui.accounts.requests import TeamRequest
from registry_ui.oci.digest import Digest
from registry_ui.web.quantities import binary_size
from registry_ui.web.search_sources import Group, SearchQuery, SearchResult, limit_rows, team_name

from .models import Artifact, ArtifactChild, Blob, RepositoryBlob, Tag
from .name_search import repository_result

_MAX_ARTIFACTS = 50
_MAX_LINKS = 200
_MAX_TAGS = 500
_NAMED_TAGS = 5
_ARTIFACT_COLUMNS = (
    "digest",
    "config_digest",
    "subject",
    "team",
    "size",
    "registry__name",
    "registry__host",
)
_TAG_COLUMNS = (
    "name",
    "digest",
    "team",
    "repository__name",
    "repository__team",
    "repository__registry__name",
    "repository__registry__host",
)
_BLOB_COLUMNS = (
    "repository__name",
    "repository__team",
    "repository__registry__name",
    "repository__registry__host",
    "blob__digest",
    "blob__size",
)
# Sorts after every hex digit, in every collation.
_AFTER_HEX = "g"


@dataclass(frozen=True, slots=True)
class _Role:
    """The relation of a searched digest to the digest of a tag; `digest` is the one to show."""

    kind: str
    digest: str
    platform: str = field(default="", compare=False)


_TITLES: dict[str, str | Promise] = {
    "named": gettext_lazy("Tags that name this digest"),
    "child": gettext_lazy("Indexes that contain this image"),
    "image_id": gettext_lazy("Images with this image id (the config's digest)"),
    "attached": gettext_lazy("Attached to these images"),
}


@dataclass(slots=True)
class _Location:
    """A digest in a repository, in one role, with the tags that lead to it."""

    role: _Role
    tags: list[Tag] = field(default_factory=list)


def find_digest(request: TeamRequest, query: SearchQuery) -> Iterator[Group]:
    """Yield a group for each role in which the index has the digest, or one that starts so."""
    if not query.digest:
        return

    # The query that all groups share.
    artifacts = list(_artifacts(request, query))
    roles = _roles(artifacts, query)
    locations = _locations(_tags(request, query, roles), query, roles)
    for kind, title in _TITLES.items():
        fitting = [location for location in locations if location.role.kind == kind]
        shown, is_capped = limit_rows(fitting, query.limit)
        yield Group(
            title=str(title),
            hits=[_location_result(request, query, location) for location in shown],
            is_capped=is_capped,
        )
    yield _untagged(request, query, artifacts, {location.role.digest for location in locations})

    # An image id is a config's digest: it is listed above, so not again as a blob.
    listed = set()
    if any(location.role.kind == "image_id" for location in locations):
        listed = {artifact.config_digest for artifact in artifacts}
    yield _needed_by(request, query, listed)


def digest_condition(query: SearchQuery, column: str) -> Q:
    """Match rows whose column has the searched digest, or begins with it."""
    if query.whole_digest:
        return Q(**{column: query.digest})
    return Q(**{f"{column}__gte": query.digest, f"{column}__lt": query.digest + _AFTER_HEX})


def _any_indexed(model: type[Model], first: Q, *others: Q) -> Q:
    """Match the rows of any of the conditions, each of which has an index."""
    # In a query of their own: combined with the condition for the teams, a database might read all
    # rows of a team instead.
    keys: QuerySet[Any, Any] = model._default_manager.filter(first).values("pk")
    if others:
        keys = keys.union(*(model._default_manager.filter(other).values("pk") for other in others))
    return Q(pk__in=keys)


def _artifacts(request: TeamRequest, query: SearchQuery) -> QuerySet[Artifact]:
    condition = _any_indexed(
        Artifact,
        digest_condition(query, "digest"),
        digest_condition(query, "config_digest"),
    )
    rows = Artifact.objects.visible_to(request.user).filter(condition).select_related("registry")
    return rows.only(*_ARTIFACT_COLUMNS).order_by("pk")[:_MAX_ARTIFACTS]


def _roles(artifacts: Sequence[Artifact], query: SearchQuery) -> dict[str, list[_Role]]:
    """Return the roles of the searched digests, by the digest that a tag may name."""
    own: dict[int, _Role] = {}
    roles: dict[str, list[_Role]] = defaultdict(list)
    for artifact in artifacts:
        # Otherwise its config's digest matched, which is the image id.
        is_match = artifact.digest.startswith(query.digest)
        own[artifact.pk] = _Role("child" if is_match else "image_id", artifact.digest)
        if not is_match:
            roles[artifact.digest].append(own[artifact.pk])
        if is_match and artifact.subject:
            roles[artifact.subject].append(_Role("attached", artifact.digest))

    links = (
        ArtifactChild.objects.filter(child__in=list(own))
        .values_list("parent__digest", "child_id", "platform")
        .order_by("pk")
    )
    # Images have no tags of their own if an index was pushed.
    for parent, child, platform in links[:_MAX_LINKS] if own else []:
        roles[parent].append(_Role(own[child].kind, own[child].digest, platform))
    return {digest: list(dict.fromkeys(same)) for digest, same in roles.items()}


def _tags(request: TeamRequest, query: SearchQuery, roles: dict[str, list[_Role]]) -> QuerySet[Tag]:
    related = [Q(digest__in=list(roles))] if roles else []
    condition = _any_indexed(Tag, digest_condition(query, "digest"), *related)
    tags = Tag.objects.visible_to(request.user).filter(condition)
    rows = tags.select_related("repository__registry").only(*_TAG_COLUMNS)
    return rows.order_by("repository__name", "repository_id", "-order_key")[:_MAX_TAGS]


def _locations(
    tags: QuerySet[Tag], query: SearchQuery, roles: dict[str, list[_Role]]
) -> list[_Location]:
    locations: dict[tuple[int, _Role], _Location] = {}
    for tag in tags:
        named = [_Role("named", tag.digest)] if tag.digest.startswith(query.digest) else []
        for role in (*named, *roles.get(tag.digest, ())):
            location = locations.setdefault((tag.repository_id, role), _Location(role))
            location.tags.append(tag)
            # `platform` is not compared, so a later role may know it.
            location.role = role if role.platform else location.role
    return list(locations.values())


def _location_result(request: TeamRequest, query: SearchQuery, location: _Location) -> SearchResult:
    repository = location.tags[0].repository
    # A digest of a floating tag may have hundreds of tags.
    names = [tag.name for tag in location.tags[:_NAMED_TAGS]]
    if len(location.tags) > _NAMED_TAGS:
        names.append(_("and %(count)d more") % {"count": len(location.tags) - _NAMED_TAGS})
    url = reverse(
        "registries:image_by_digest",
        args=[repository.registry_id, repository.name, location.role.digest],
    )

    facts = [", ".join(names)]
    if location.role.platform:
        facts.append(location.role.platform)
    facts += _short_digest(query, location.role.digest)
    return repository_result(request, repository, facts, url, icon="tags")


def _untagged(
    request: TeamRequest, query: SearchQuery, artifacts: Sequence[Artifact], located: set[str]
) -> Group:
    """Return the artifacts that no tag leads to any more."""
    untagged = [
        artifact
        for artifact in artifacts
        if artifact.digest.startswith(query.digest) and artifact.digest not in located
    ]

    shown, is_capped = limit_rows(untagged, query.limit)
    results = [
        SearchResult(
            url=reverse("registries:repositories", args=[artifact.registry_id]),
            icon="server-2",
            text=artifact.registry.name,
            team=team_name(request, artifact),
            facts=[
                _("no tag leads to it any more"),
                binary_size(artifact.size),
                *_short_digest(query, artifact.digest),
            ],
        )
        for artifact in shown
    ]
    return Group(title=_("Seen on these registries"), hits=results, is_capped=is_capped)


def _needed_by(request: TeamRequest, query: SearchQuery, listed: set[str]) -> Group:
    """Return the repositories that need it as a layer or config, without listed image ids."""
    teams = Team.objects.visible_to(request.user)
    blobs = Blob.objects.filter(digest_condition(query, "digest"), registry__team__in=teams)

    rows = RepositoryBlob.objects.filter(
        repository__team__in=teams, blob__in=blobs.values("pk")
    ).select_related("repository__registry", "blob")
    # Not sorted: a base image's layer is in every repository, and sorting would read them all.
    rows = rows.only(*_BLOB_COLUMNS)[: query.limit + 1]
    shown, is_capped = limit_rows(
        [row for row in rows if row.blob.digest not in listed], query.limit
    )

    results = [
        repository_result(
            request,
            row.repository,
            [binary_size(row.blob.size), *_short_digest(query, row.blob.digest)],
            icon="stack-2",
        )
        for row in shown
    ]
    return Group(
        title=_("Repositories that need this layer or config"), hits=results, is_capped=is_capped
    )


def _short_digest(query: SearchQuery, digest: str) -> list[str]:
    """Return the short digest if the query may match several digests."""
    return [] if query.whole_digest else [Digest.parse(digest).short]
