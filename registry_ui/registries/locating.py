"""Where a digest is, for the search: as what a tag names, in an index, as an image id, beside an image, as a layer or config."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from django.db.models import Model, Q, QuerySet
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from registry_ui.accounts.models import Team
from registry_ui.accounts.requests import TeamRequest
from registry_ui.oci.digest import Digest
from registry_ui.web.quantities import binary_size
from registry_ui.web.searching import Group, Hit, Question, capped, team_name

from .models import Artifact, ArtifactChild, Blob, RepositoryBlob, Tag
from .searching import repository_hit

_MOST_ARTIFACTS = 50
_MOST_LINKS = 200
_MOST_TAGS = 500
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
# Sorts after all that a digest's hex can go on with, in every collation.
_AFTER_HEX = "g"


@dataclass(frozen=True, slots=True)
class _Role:
    """What a digest that was asked for is to a digest that tags name. `digest` is the manifest to show."""

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
class _Place:
    """A digest in a repository, by one of its roles, and the tags that lead to it."""

    role: _Role
    tags: list[Tag] = field(default_factory=list)


def find_digest(request: TeamRequest, question: Question) -> Iterator[Group]:
    """Every place of the index that holds the digest, or one that begins like it; each kind of place is a group."""
    if not question.digest:
        return
    artifacts = list(_artifacts(request, question))
    roles = _roles(artifacts, question)
    places = _places(_tags(request, question, roles), question, roles)
    for kind, title in _TITLES.items():
        fitting = [place for place in places if place.role.kind == kind]
        shown, is_capped = capped(fitting, question.limit)
        yield Group(
            title=str(title),
            hits=[_place_hit(request, question, place) for place in shown],
            is_capped=is_capped,
        )
    yield _untagged(request, question, artifacts, {place.role.digest for place in places})
    told = (
        {artifact.config_digest for artifact in artifacts}
        if any(place.role.kind == "image_id" for place in places)
        else set()
    )
    yield _needed_by(request, question, told)


def matches(question: Question, column: str) -> Q:
    if question.whole_digest:
        return Q(**{column: question.digest})
    return Q(**{f"{column}__gte": question.digest, f"{column}__lt": question.digest + _AFTER_HEX})


def _found_in(model: type[Model], first: Q, *others: Q) -> Q:
    """Rows by one indexed condition each: in a query of their own, so that no database reads all of a team's rows instead."""
    keys: QuerySet = model._default_manager.filter(first).values("pk")
    return Q(
        pk__in=keys.union(*(model._default_manager.filter(other).values("pk") for other in others))
        if others
        else keys
    )


def _artifacts(request: TeamRequest, question: Question) -> QuerySet[Artifact]:
    found = _found_in(Artifact, matches(question, "digest"), matches(question, "config_digest"))
    rows = Artifact.objects.visible_to(request.user).filter(found).select_related("registry")
    return rows.only(*_ARTIFACT_COLUMNS).order_by("pk")[:_MOST_ARTIFACTS]


def _roles(artifacts: Sequence[Artifact], question: Question) -> dict[str, list[_Role]]:
    """Digest that a tag may name → what the digests that were asked for are to it."""
    own: dict[int, _Role] = {}
    roles: dict[str, list[_Role]] = defaultdict(list)
    for artifact in artifacts:
        is_itself = artifact.digest.startswith(question.digest)
        own[artifact.pk] = _Role("child" if is_itself else "image_id", artifact.digest)
        if not is_itself:
            roles[artifact.digest].append(own[artifact.pk])
        if is_itself and artifact.subject:
            roles[artifact.subject].append(_Role("attached", artifact.digest))
    links = (
        ArtifactChild.objects.filter(child__in=list(own))
        .values_list("parent__digest", "child_id", "platform")
        .order_by("pk")
    )
    for parent, child, platform in links[:_MOST_LINKS] if own else []:
        roles[parent].append(_Role(own[child].kind, own[child].digest, platform))
    return {digest: list(dict.fromkeys(found)) for digest, found in roles.items()}


def _tags(request: TeamRequest, question: Question, roles: dict[str, list[_Role]]) -> QuerySet[Tag]:
    found = _found_in(
        Tag, matches(question, "digest"), *([Q(digest__in=list(roles))] if roles else [])
    )
    rows = Tag.objects.visible_to(request.user).filter(found).select_related("repository__registry")
    return rows.only(*_TAG_COLUMNS).order_by("repository__name", "repository_id", "-order_key")[
        :_MOST_TAGS
    ]


def _places(tags: QuerySet[Tag], question: Question, roles: dict[str, list[_Role]]) -> list[_Place]:
    places: dict[tuple[int, _Role], _Place] = {}
    for tag in tags:
        named = [_Role("named", tag.digest)] if tag.digest.startswith(question.digest) else []
        for role in (*named, *roles.get(tag.digest, ())):
            place = places.setdefault((tag.repository_id, role), _Place(role))
            place.tags.append(tag)
            place.role = role if role.platform else place.role
    return list(places.values())


def _place_hit(request: TeamRequest, question: Question, place: _Place) -> Hit:
    repository = place.tags[0].repository
    names = [tag.name for tag in place.tags[:_NAMED_TAGS]]
    if len(place.tags) > _NAMED_TAGS:
        names.append(_("and %(count)d more") % {"count": len(place.tags) - _NAMED_TAGS})
    url = reverse(
        "registries:image_by_digest",
        args=[repository.registry_id, repository.name, place.role.digest],
    )
    facts = [
        ", ".join(names),
        *([place.role.platform] if place.role.platform else []),
        *_short_digest(question, place.role.digest),
    ]
    return repository_hit(request, repository, facts, url, icon="tags")


def _untagged(
    request: TeamRequest, question: Question, artifacts: Sequence[Artifact], placed: set[str]
) -> Group:
    """What an index run has seen, but no tag leads to any more."""
    left = [
        artifact
        for artifact in artifacts
        if artifact.digest.startswith(question.digest) and artifact.digest not in placed
    ]
    shown, is_capped = capped(left, question.limit)
    hits = [
        Hit(
            url=reverse("registries:repositories", args=[artifact.registry_id]),
            icon="server-2",
            text=artifact.registry.name,
            team=team_name(request, artifact),
            facts=[
                _("no tag leads to it any more"),
                binary_size(artifact.size),
                *_short_digest(question, artifact.digest),
            ],
        )
        for artifact in shown
    ]
    return Group(title=_("Seen on these registries"), hits=hits, is_capped=is_capped)


def _needed_by(request: TeamRequest, question: Question, told: set[str]) -> Group:
    """Repositories that need it as a layer or config, without those digests that were told of as image ids."""
    teams = Team.objects.visible_to(request.user)
    blobs = Blob.objects.filter(matches(question, "digest"), registry__team__in=teams)
    rows = RepositoryBlob.objects.filter(
        repository__team__in=teams, blob__in=blobs.values("pk")
    ).select_related("repository__registry", "blob")
    # In no order: a base image's layer is in every repository, and whoever sorts those reads them all.
    rows = rows.only(*_BLOB_COLUMNS)[: question.limit + 1]
    shown, is_capped = capped([row for row in rows if row.blob.digest not in told], question.limit)
    hits = [
        repository_hit(
            request,
            row.repository,
            [binary_size(row.blob.size), *_short_digest(question, row.blob.digest)],
            icon="stack-2",
        )
        for row in shown
    ]
    return Group(
        title=_("Repositories that need this layer or config"), hits=hits, is_capped=is_capped
    )


def _short_digest(question: Question, digest: str) -> list[str]:
    """Which one it is, where the question fits several."""
    return [] if question.whole_digest else [Digest.parse(digest).short]
