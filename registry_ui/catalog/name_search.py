"""The search in the index by name: repositories, tags, registries and complete references."""

from collections.abc import Iterator, Sequence

from django.db import connection
from django.db.models import Case, Q, QuerySet, Value, When
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registry_ui.accounts.models import Role, User
from registry_ui.accounts.permissions import may_here
from registry_ui.accounts.requests import TeamRequest
from registry_ui.oci.reference import Reference
from registry_ui.registries.models import Registry
from registry_ui.web.quantities import binary_size, relative
from registry_ui.web.search_sources import (
    Group,
    Link,
    SearchQuery,
    SearchResult,
    limit_rows,
    team_name,
)

from .models import Artifact, Repository, Tag

# The number of best repositories in which tags that begin with a word are searched, and tags that
# only contain it.
_PREFIX_REPOSITORIES, _SUBSTRING_REPOSITORIES = 50, 5
_MAX_LINKS = 3
_MAX_TAGS = 500
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
# Sorts after every character of a tag.
_LAST_CHARACTER = chr(0x10FFFF)


def find_names(request: TeamRequest, query: SearchQuery) -> Iterator[Group]:
    """Yield the repositories and tags whose names match."""
    if not query.terms and not query.host:
        return
    repositories = _repositories(
        request.user, query.host, query.terms, max(_PREFIX_REPOSITORIES, query.limit + 1)
    )
    repository_group = _repository_group(request, query, repositories)

    # After a colon, the tags are the answer: they come first.
    if query.tag:
        yield _tag_group(request, query, repositories[:_PREFIX_REPOSITORIES], query.tag)
        yield repository_group
        return

    yield repository_group
    # Without a colon, the last term may be a tag: “nginx alpine”.
    if len(query.terms) > 1:
        fitting = _repositories(request.user, query.host, query.terms[:-1], _PREFIX_REPOSITORIES)
        yield _tag_group(request, query, fitting, query.text.split()[-1])
    elif not query.host and len(query.text) > 1 and "/" not in query.text:
        yield _tags_anywhere(request, query)


def find_registries(request: TeamRequest, query: SearchQuery) -> Iterator[Group]:
    """Yield the registries whose names or hosts match."""
    terms = (query.host,) if query.host else query.terms
    if not terms or query.tag or query.digest:
        return

    rows = Registry.objects.visible_to(request.user)
    for term in terms:
        rows = rows.filter(Q(name__icontains=term) | Q(host__icontains=term))
    shown, is_capped = limit_rows(rows.order_by("name", "pk")[: query.limit + 1], query.limit)
    results = [
        SearchResult(
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
        hits=results,
        is_capped=is_capped,
        more=[Link(_("All registries"), reverse("registries:list"))],
    )


def find_named_image(request: TeamRequest, query: SearchQuery) -> Iterator[Group]:
    """Yield the image of a complete reference: indexed, to open at its registry, or to pull."""
    reference = query.reference
    if reference is None or not query.names_image:
        return

    registries = list(
        Registry.objects.visible_to(request.user)
        .filter(host=reference.registry)
        .order_by("name", "pk")[: query.limit]
    )
    # Those of the current team first.
    registries.sort(key=lambda registry: registry.team_id != getattr(request.team, "pk", None))
    known = _known_in(registries, reference)

    # A name without a host may belong to any registry: the indexed ones are among the tags that the
    # search finds, and Docker Hub is a suggestion.
    has_host = "registry" not in reference.implied
    indexed = [registry for registry in registries if has_host and registry.pk in known]
    results = [
        _image_result(request, registry, reference, known[registry.pk], "tag")
        for registry in indexed
    ]
    unknown = [_("not in the index yet: open it at the registry")]
    results += [
        _image_result(request, registry, reference, unknown, "cloud-search")
        for registry in registries
        if registry.pk not in known
    ]
    if may_here(request, Role.OPERATOR):
        pull = f"{reverse('transfers:pull')}?{urlencode({'reference': str(reference)})}"
        results.append(
            SearchResult(url=pull, icon="download", reference=reference, facts=[_("pull it")])
        )
    yield Group(
        title=_("This image"),
        hits=results,
        is_exact_match=has_host and len(known) == 1,
        is_suggestion=not has_host,
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


def _image_result(
    request: TeamRequest, registry: Registry, reference: Reference, facts: Sequence[str], icon: str
) -> SearchResult:
    url = image_url(registry, reference)
    return SearchResult(
        url=url,
        icon=icon,
        reference=reference,
        registry=registry.name,
        team=team_name(request, registry),
        facts=facts,
    )


def repository_result(
    request: TeamRequest,
    repository: Repository,
    facts: Sequence[str],
    url: str = "",
    icon: str = "folder",
) -> SearchResult:
    return SearchResult(
        url=url or _repository_url(repository),
        icon=icon,
        reference=repository.reference,
        registry=repository.registry.name,
        team=team_name(request, repository),
        facts=facts,
    )


def _repository_url(repository: Repository) -> str:
    return reverse("registries:repository", args=[repository.registry_id, repository.name])


def _known_in(registries: Sequence[Registry], reference: Reference) -> dict[object, list[str]]:
    """Return the facts about the image by registry, for registries whose index has it."""
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


def _repositories(user: User, host: str, terms: Sequence[str], limit: int) -> list[Repository]:
    """Return repositories whose names contain all terms, the best matches first."""
    matching = Repository.objects.visible_to(user)
    if host:
        matching = matching.filter(registry__host=host)
    for term in terms:
        matching = matching.filter(name__contains=term)

    # The inner query reads the database's index alone; rows are read only of the results.
    rank = _rank(terms)
    best = matching.order_by(rank, "name", "pk").values("pk")[:limit]
    return list(
        Repository.objects.filter(pk__in=best)
        .select_related("registry")
        .only(*_REPOSITORY_COLUMNS)
        .order_by(rank, "name", "pk")
    )


def _rank(terms: Sequence[str]) -> Case | Value:
    """Rank the name itself before names that begin with it, and these before the others."""
    if not terms:
        return Value(0)

    whole, last = "/".join(terms), terms[-1]
    return Case(
        When(Q(name=whole) | Q(name__endswith=f"/{last}"), then=0),
        When(Q(name__startswith=whole) | Q(name__contains=f"/{last}"), then=1),
        default=2,
    )


def _repository_group(
    request: TeamRequest, query: SearchQuery, repositories: Sequence[Repository]
) -> Group:
    shown, is_capped = limit_rows(repositories, query.limit)

    filter_query = urlencode({"q": " ".join(query.terms)})
    registries = {repository.registry_id: repository.registry for repository in shown}
    return Group(
        title=_("Repositories"),
        hits=[
            repository_result(request, repository, _facts_of(repository)) for repository in shown
        ],
        is_capped=is_capped,
        more=[
            Link(
                _("All in %(registry)s") % {"registry": registry.name},
                f"{reverse('registries:repositories', args=[pk])}?{filter_query}",
            )
            for pk, registry in list(registries.items())[:_MAX_LINKS]
        ],
    )


def _tag_group(
    request: TeamRequest, query: SearchQuery, repositories: Sequence[Repository], name: str
) -> Group:
    """Return tags that begin with the name, then tags of the best repositories that contain it."""
    tags = list(_tags_of(repositories, _begins_with(name)))
    if len(tags) <= query.limit:
        seen = {tag.pk for tag in tags}
        tags += [
            tag
            for tag in _tags_of(repositories[:_SUBSTRING_REPOSITORIES], Q(name__contains=name))
            if tag.pk not in seen
        ]

    positions = {repository.pk: position for position, repository in enumerate(repositories)}
    tags.sort(
        key=lambda tag: (
            tag.name != name,
            not tag.name.startswith(name),
            positions[tag.repository_id],
            tag.name,
        )
    )
    by_key = {repository.pk: repository for repository in repositories}
    for tag in tags:
        tag.repository = by_key[tag.repository_id]
    shown, is_capped = limit_rows(
        (tag for tag in tags if not _is_named_image(query, tag)), query.limit
    )

    linked = list(dict.fromkeys(tag.repository for tag in shown))[:_MAX_LINKS]
    return Group(
        title=_("Tags"),
        hits=[_tag_result(request, tag) for tag in shown],
        is_capped=is_capped,
        more=[
            Link(
                _("All of %(repository)s") % {"repository": repository.name},
                f"{_repository_url(repository)}?{urlencode({'q': name})}",
            )
            for repository in linked
        ],
    )


def _is_named_image(query: SearchQuery, tag: Tag) -> bool:
    """Return whether `find_named_image` has the tag among its results."""
    reference = query.reference
    return (
        reference is not None and "registry" not in reference.implied and tag.reference == reference
    )


def _tags_of(repositories: Sequence[Repository], condition: Q) -> QuerySet[Tag]:
    tags = Tag.objects.filter(
        condition, repository__in=[repository.pk for repository in repositories]
    )
    return tags.only(*_TAG_COLUMNS).order_by("name", "pk")[:_MAX_TAGS]


def _tags_anywhere(request: TeamRequest, query: SearchQuery) -> Group:
    """Return tags of any repository that begin with the text."""
    # The teams once more by their ids: for one team, the database reads its index by team and name
    # in order, and stops after the first rows.
    best = (
        Tag.objects.visible_to(request.user)
        .filter(_begins_with(query.text), team__in=request.teams)
        .order_by("name")
    )
    # The joins are outside, so that they are made for the shown rows only.
    rows = Tag.objects.filter(pk__in=best.values("pk")[: query.limit + 1]).select_related(
        "repository__registry"
    )

    columns = (
        *_TAG_COLUMNS,
        "repository__name",
        "repository__registry__name",
        "repository__registry__host",
    )
    shown, is_capped = limit_rows(rows.only(*columns).order_by("name", "pk"), query.limit)
    hint = _("For the tags of one repository, write its name before: nginx %(word)s") % {
        "word": query.text
    }
    return Group(
        title=_("Tags"),
        hits=[_tag_result(request, tag) for tag in shown],
        is_capped=is_capped,
        hint=hint,
    )


def _begins_with(text: str) -> Q:
    # Both use an index: SQLite's LIKE uses none, and PostgreSQL's collations are not in the order
    # of the characters' codes.
    if connection.vendor == "sqlite":
        return Q(name__gte=text, name__lt=text + _LAST_CHARACTER)
    return Q(name__startswith=text)


def _tag_result(request: TeamRequest, tag: Tag) -> SearchResult:
    registry = tag.repository.registry
    return SearchResult(
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
    if repository.size:
        facts.append(binary_size(repository.size))
    if repository.last_change is not None:
        facts.append(
            _("changed %(when)s") % {"when": relative(repository.last_change, timezone.now())}
        )
    return facts


def size_and_age(row: Tag | Artifact) -> list[str]:
    facts = [binary_size(row.size)] if row.size else []
    if row.built is not None:
        facts.append(_("built %(when)s") % {"when": relative(row.built, timezone.now())})
    return facts


def _count_of_repositories(count: int) -> str:
    return ngettext("%(count)d repository", "%(count)d repositories", count) % {"count": count}
