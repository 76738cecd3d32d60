"""What the search finds in the index by name: repositories, tags, registries, and an image whose name is written whole."""

from collections.abc import Iterator, Sequence

from django.db import connection
from django.db.models import Case, Q, QuerySet, Value, When
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registry_ui.accounts.models import Role, User
from registry_ui.accounts.requests import TeamRequest
from registry_ui.oci.reference import Reference
from registry_ui.web.quantities import binary_size, relative
from registry_ui.web.searching import Group, Hit, Link, Question, capped, team_name

from .models import Artifact, Registry, Repository, Tag

# Of how many repositories, the best ones, tags that begin with a word are looked for, and tags that only contain it.
_BEST, _VERY_BEST = 50, 5
_MOST_LINKS = 3
_MOST_TAGS = 500
_REPOSITORY_COLUMNS = (
    "name",
    "team",
    "tag_count",
    "size",
    "changed_at",
    "registry__name",
    "registry__host",
)
_TAG_COLUMNS = ("name", "team", "size", "built_at", "repository")
# Sorts after whatever a tag can begin with.
_LAST_CHARACTER = chr(0x10FFFF)


def find_names(request: TeamRequest, question: Question) -> Iterator[Group]:
    """Repositories and tags by what they are called."""
    if not question.words and not question.host:
        return
    repositories = _repositories(
        request.user, question.host, question.words, max(_BEST, question.limit + 1)
    )
    found = _repository_group(request, question, repositories)
    if question.tag:
        yield _tag_group(request, question, repositories[:_BEST], question.tag)
        yield found
        return
    yield found
    if len(question.words) > 1:
        fitting = _repositories(request.user, question.host, question.words[:-1], _BEST)
        yield _tag_group(request, question, fitting, question.text.split()[-1])
    elif not question.host and len(question.text) > 1 and "/" not in question.text:
        yield _tags_anywhere(request, question)


def find_registries(request: TeamRequest, question: Question) -> Iterator[Group]:
    terms = (question.host,) if question.host else question.words
    if not terms or question.tag or question.digest:
        return
    rows = Registry.objects.visible_to(request.user)
    for term in terms:
        rows = rows.filter(Q(name__icontains=term) | Q(host__icontains=term))
    shown, is_capped = capped(rows.order_by("name", "pk")[: question.limit + 1], question.limit)
    hits = [
        Hit(
            url=reverse("registries:repositories", args=[registry.pk]),
            icon="server-2",
            text=registry.name,
            registry=registry.host if registry.host != registry.name else "",
            team=team_name(request, registry),
            facts=[_count_of_repositories(registry.repository_count)]
            if registry.repository_count
            else [],
        )
        for registry in shown
    ]
    yield Group(
        title=_("Registries"),
        hits=hits,
        is_capped=is_capped,
        more=[Link(_("All registries"), reverse("registries:list"))],
    )


def find_named_image(request: TeamRequest, question: Question) -> Iterator[Group]:
    """The image that a whole name means: in the index, or else to be opened at its registry, or pulled."""
    reference = question.reference
    if reference is None or not question.names_image:
        return
    registries = list(
        Registry.objects.visible_to(request.user)
        .filter(host=reference.registry)
        .order_by("name", "pk")[: question.limit]
    )
    registries.sort(key=lambda registry: registry.team_id != getattr(request.team, "pk", None))
    known = _known_in(registries, reference)
    is_written = "registry" not in reference.implied
    # Without its registry it may be any: those in the index are among the tags that are found, and Docker Hub is an offer.
    there = [registry for registry in registries if is_written and registry.pk in known]
    hits = [
        _image_hit(request, registry, reference, known[registry.pk], "tag") for registry in there
    ]
    unknown = [_("not in the index yet: open it at the registry")]
    hits += [
        _image_hit(request, registry, reference, unknown, "cloud-search")
        for registry in registries
        if registry.pk not in known
    ]
    if request.role is not None and request.role.allows(Role.OPERATOR):
        pull = f"{reverse('transfers:pull')}?{urlencode({'reference': str(reference)})}"
        hits.append(Hit(url=pull, icon="download", reference=reference, facts=[_("pull it")]))
    yield Group(
        title=_("This image"),
        hits=hits,
        is_answer=is_written and len(known) == 1,
        is_offer=not is_written,
    )


def image_url(registry: Registry, reference: Reference) -> str:
    if reference.digest is not None:
        return reverse(
            "registries:image_by_digest",
            args=[registry.pk, reference.repository, str(reference.digest)],
        )
    return reverse(
        "registries:image_by_tag", args=[registry.pk, reference.repository, reference.tag]
    )


def _image_hit(
    request: TeamRequest, registry: Registry, reference: Reference, facts: Sequence[str], icon: str
) -> Hit:
    url = image_url(registry, reference)
    return Hit(
        url=url,
        icon=icon,
        reference=reference,
        registry=registry.name,
        team=team_name(request, registry),
        facts=facts,
    )


def repository_hit(
    request: TeamRequest,
    repository: Repository,
    facts: Sequence[str],
    url: str = "",
    icon: str = "folder",
) -> Hit:
    return Hit(
        url=url or reverse("registries:repository", args=[repository.registry_id, repository.name]),
        icon=icon,
        reference=repository.reference,
        registry=repository.registry.name,
        team=team_name(request, repository),
        facts=facts,
    )


def _known_in(registries: Sequence[Registry], reference: Reference) -> dict[object, list[str]]:
    """Registry → what its index says of the image, for those that have it."""
    if reference.digest is not None:
        artifacts = Artifact.objects.filter(
            registry__in=registries, digest=str(reference.digest)
        ).only("registry", "size", "built_at")
        return {artifact.registry_id: size_and_age(artifact) for artifact in artifacts}
    tags = Tag.objects.filter(
        repository__registry__in=registries,
        repository__name=reference.repository,
        name=reference.tag,
    )
    return {
        tag.repository.registry_id: size_and_age(tag)
        for tag in tags.select_related("repository").only(*_TAG_COLUMNS, "repository__registry")
    }


def _repositories(user: User, host: str, words: Sequence[str], limit: int) -> list[Repository]:
    """Those whose name has all the words: the very name first, then names that begin with it, then the others.

    The names are read from an index alone; the rows only of those that are returned.
    """
    matching = Repository.objects.visible_to(user)
    if host:
        matching = matching.filter(registry__host=host)
    for word in words:
        matching = matching.filter(name__contains=word)
    rank = _rank(words)
    best = matching.order_by(rank, "name", "pk").values("pk")[:limit]
    return list(
        Repository.objects.filter(pk__in=best)
        .select_related("registry")
        .only(*_REPOSITORY_COLUMNS)
        .order_by(rank, "name", "pk")
    )


def _rank(words: Sequence[str]) -> Case | Value:
    if not words:
        return Value(0)
    whole, last = "/".join(words), words[-1]
    return Case(
        When(Q(name=whole) | Q(name__endswith=f"/{last}"), then=0),
        When(Q(name__startswith=whole) | Q(name__contains=f"/{last}"), then=1),
        default=2,
    )


def _repository_group(
    request: TeamRequest, question: Question, repositories: Sequence[Repository]
) -> Group:
    shown, is_capped = capped(repositories, question.limit)
    query = urlencode({"q": " ".join(question.words)})
    registries = {repository.registry_id: repository.registry for repository in shown}
    return Group(
        title=_("Repositories"),
        hits=[repository_hit(request, repository, _facts_of(repository)) for repository in shown],
        is_capped=is_capped,
        more=[
            Link(
                _("All in %(registry)s") % {"registry": registry.name},
                f"{reverse('registries:repositories', args=[pk])}?{query}",
            )
            for pk, registry in list(registries.items())[:_MOST_LINKS]
        ],
    )


def _tag_group(
    request: TeamRequest, question: Question, repositories: Sequence[Repository], name: str
) -> Group:
    """Tags of these repositories: first those that begin with the name, then, of the best repositories, those that contain it."""
    tags = list(_tags_of(repositories, _begins_with(name)))
    if len(tags) <= question.limit:
        seen = {tag.pk for tag in tags}
        tags += [
            tag
            for tag in _tags_of(repositories[:_VERY_BEST], Q(name__contains=name))
            if tag.pk not in seen
        ]
    places = {repository.pk: place for place, repository in enumerate(repositories)}
    tags.sort(
        key=lambda tag: (
            tag.name != name,
            not tag.name.startswith(name),
            places[tag.repository_id],
            tag.name,
        )
    )
    by_key = {repository.pk: repository for repository in repositories}
    for tag in tags:
        tag.repository = by_key[tag.repository_id]
    shown, is_capped = capped(
        (tag for tag in tags if not _is_told_of(question, tag)), question.limit
    )
    best = list(dict.fromkeys(tag.repository for tag in shown))[:_MOST_LINKS]
    return Group(
        title=_("Tags"),
        hits=[_tag_hit(request, tag) for tag in shown],
        is_capped=is_capped,
        more=[
            Link(
                _("All of %(repository)s") % {"repository": repository.name},
                f"{reverse('registries:repository', args=[repository.registry_id, repository.name])}?{urlencode({'q': name})}",
            )
            for repository in best
        ],
    )


def _is_told_of(question: Question, tag: Tag) -> bool:
    """Whether `find_named_image` has it already."""
    reference = question.reference
    return (
        reference is not None and "registry" not in reference.implied and tag.reference == reference
    )


def _tags_of(repositories: Sequence[Repository], condition: Q) -> QuerySet[Tag]:
    tags = Tag.objects.filter(
        condition, repository__in=[repository.pk for repository in repositories]
    )
    return tags.only(*_TAG_COLUMNS).order_by("name", "pk")[:_MOST_TAGS]


def _tags_anywhere(request: TeamRequest, question: Question) -> Group:
    """Tags that have or begin with the word, whatever their repository."""
    # The teams once more, by their ids: where it is one, the index by team and name is read in its order, and no further than needed.
    best = (
        Tag.objects.visible_to(request.user)
        .filter(_begins_with(question.text), team__in=request.teams)
        .order_by("name")
    )
    # Inside, the index alone is read; with the joins in the same query, every match would be.
    rows = Tag.objects.filter(pk__in=best.values("pk")[: question.limit + 1]).select_related(
        "repository__registry"
    )
    columns = (
        *_TAG_COLUMNS,
        "repository__name",
        "repository__registry__name",
        "repository__registry__host",
    )
    shown, is_capped = capped(rows.only(*columns).order_by("name", "pk"), question.limit)
    hint = _("For the tags of one repository, write its name before: nginx %(word)s") % {
        "word": question.text
    }
    return Group(
        title=_("Tags"),
        hits=[_tag_hit(request, tag) for tag in shown],
        is_capped=is_capped,
        hint=hint,
    )


def _begins_with(text: str) -> Q:
    """By an index: SQLite's LIKE uses none, and PostgreSQL's letters are not in the order of their codes."""
    if connection.vendor == "sqlite":
        return Q(name__gte=text, name__lt=text + _LAST_CHARACTER)
    return Q(name__startswith=text)


def _tag_hit(request: TeamRequest, tag: Tag) -> Hit:
    registry = tag.repository.registry
    return Hit(
        url=image_url(registry, tag.reference),
        icon="tag",
        reference=tag.reference,
        registry=registry.name,
        team=team_name(request, tag),
        facts=size_and_age(tag),
    )


def _facts_of(repository: Repository) -> list[str]:
    facts = [
        ngettext("%(count)d tag", "%(count)d tags", repository.tag_count)
        % {"count": repository.tag_count}
    ]
    facts += [binary_size(repository.size)] if repository.size else []
    if repository.last_change is not None:
        facts.append(
            _("changed %(when)s") % {"when": relative(repository.last_change, timezone.now())}
        )
    return facts


def size_and_age(row: Tag | Artifact) -> list[str]:
    facts = [binary_size(row.size)] if row.size else []
    return (
        [*facts, _("built %(when)s") % {"when": relative(row.built, timezone.now())}]
        if row.built is not None
        else facts
    )


def _count_of_repositories(count: int) -> str:
    return ngettext("%(count)d repository", "%(count)d repositories", count) % {"count": count}
