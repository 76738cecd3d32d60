"""Pages of repositories and of tags as the index has them. Nothing here asks a registry."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Window
from django.db.models.functions import RowNumber
from django.utils.translation import gettext as _

from registry_ui.tags import BY_NAME
from registry_ui.web.keyset import Page

from ..models import UNSTATED, Registry, Repository, Tag
from .filters import PLAIN, RepositoryFilter, TagFilter

COUNTED = 1000
_ALIASES_SHOWN = 3
# In characters.
_ALIASES_WIDTH, _ALIAS_MARGIN = 33, 5
_PLATFORMS_SHOWN = 3
_VARIANTS_SHOWN = 14
_WIDTH = 100.0


@dataclass(frozen=True, slots=True)
class Matches:
    """How many rows a filter leaves; beyond `COUNTED` nobody counts them."""

    count: int

    @property
    def are_more(self) -> bool:
        return self.count > COUNTED

    @property
    def shown(self) -> int:
        return min(self.count, COUNTED)


@dataclass(frozen=True, slots=True)
class ListedRepository:
    """`unique_width` and `shared_width` are of 100, which the largest one of its page takes."""

    row: Repository
    unique_width: float
    shared_width: float


@dataclass(frozen=True, slots=True)
class ListedTag:
    """`aliases` are some of the names of the same digest, the most telling first; `more_aliases` counts the others."""

    row: Tag
    aliases: tuple[str, ...]
    more_aliases: int
    platforms: tuple[str, ...]

    @property
    def first_platforms(self) -> tuple[str, ...]:
        return self.platforms[:_PLATFORMS_SHOWN]

    @property
    def more_platforms(self) -> tuple[str, ...]:
        return self.platforms[_PLATFORMS_SHOWN:]

    @property
    def is_known(self) -> bool:
        """Whether its image is in the index."""
        return self.row.artifact_id is not None

    @property
    def changed(self) -> datetime | None:
        return None if self.row.changed_at == UNSTATED else self.row.changed_at

    @property
    def variant(self) -> str:
        """As a heading has it."""
        return " · ".join(_words(self.row.flavour)) or _("Plain")


@dataclass(frozen=True, slots=True)
class Choice:
    """What a filter offers; `count` tags of the repository have it."""

    value: str
    label: str
    count: int
    is_chosen: bool
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Choices:
    """`prereleases` and `problems` count the tags that are and that have one."""

    variants: list[Choice]
    platforms: list[Choice]
    prereleases: int
    problems: int

    @property
    def first_variants(self) -> list[Choice]:
        return self.variants[:_VARIANTS_SHOWN]

    @property
    def more_variants(self) -> list[Choice]:
        return self.variants[_VARIANTS_SHOWN:]

    @property
    def is_more_chosen(self) -> bool:
        return any(choice.is_chosen for choice in self.more_variants)


def with_newest_tag(repositories: QuerySet[Repository]) -> QuerySet[Repository]:
    """`newest_tag`: latest where there is one, else the newest version."""
    tags = Tag.objects.filter(repository=OuterRef("pk")).order_by("-order_key")
    return repositories.annotate(newest_tag=Subquery(tags.values("name")[:1]))


def page_of_repositories(
    registry: Registry, wish: RepositoryFilter, *, after: str, before: str
) -> tuple[Page, Matches]:
    """
    Raises:
        BadRequest: a cursor of another order.
    """
    rows = wish.apply(Repository.objects.filter(registry=registry))
    page = wish.order.page(rows, after=after, before=before)
    matches = (
        Matches(_count(rows, page)) if wish.is_filtering else Matches(registry.repository_count)
    )
    most = max((row.size for row in page.rows), default=0) or 1
    listed = [
        ListedRepository(row, _WIDTH * row.unique_size / most, _WIDTH * row.shared_size / most)
        for row in page.rows
    ]
    return replace(page, rows=listed), matches


def page_of_tags(
    repository: Repository, wish: TagFilter, *, after: str, before: str
) -> tuple[Page, Matches]:
    """
    Raises:
        BadRequest: a cursor of another order.
    """
    rows = wish.apply(Tag.objects.filter(repository=repository)).defer("order_key", "version_key")
    page = wish.order.page(rows, after=after, before=before)
    matches = Matches(_count(rows, page)) if wish.is_filtering else Matches(repository.tag_count)
    names = _names_of_digests(repository, {row.digest for row in page.rows if row.digest})
    return replace(
        page, rows=[_listed(row, names.get(row.digest, _Names())) for row in page.rows]
    ), matches


def choices_of(repository: Repository, wish: TagFilter) -> Choices:
    """What the filters of a repository's tags offer: the variants and platforms that occur in it."""
    variants: Counter[str] = Counter(dict.fromkeys(wish.variants, 0))
    platforms: Counter[str] = Counter({wish.platform: 0} if wish.platform else {})
    prereleases = problems = 0
    for flavour, some, count, unstable, failed in _kinds_of_tags(repository):
        variants.update(dict.fromkeys(_words(flavour) or (PLAIN,), count))
        platforms.update(dict.fromkeys(_words(some), count))
        prereleases, problems = prereleases + unstable, problems + failed
    in_order = sorted(variants.items(), key=lambda item: (item[0] != PLAIN, -item[1], item[0]))
    return Choices(
        [_variant(word, count, word in wish.variants) for word, count in in_order],
        [
            Choice(name, name, count, name == wish.platform)
            for name, count in sorted(platforms.items())
        ],
        prereleases,
        problems,
    )


def _kinds_of_tags(repository: Repository) -> QuerySet[Any]:
    """One pass over the tags: how many there are of each variant on the same platforms."""
    kinds = Tag.objects.filter(repository=repository).order_by().values_list("flavour", "platforms")
    return kinds.annotate(
        count=Count("pk"),
        unstable=Count("pk", filter=Q(is_prerelease=True)),
        failed=Count("pk", filter=~Q(problem="")),
    )


def _variant(word: str, count: int, is_chosen: bool) -> Choice:
    if word == PLAIN:
        return Choice(
            word,
            _("plain"),
            count,
            is_chosen,
            _("No variant in the name: the project's own choice of system and contents."),
        )
    suffix = BY_NAME.get(word)
    return Choice(word, word, count, is_chosen, _(suffix.meaning) if suffix else "")


def _words(barred: str) -> tuple[str, ...]:
    return tuple(word for word in barred.split("|") if word)


def _count(rows: QuerySet[Any], page: Page) -> int:
    return len(page.rows) if page.is_whole else rows.order_by()[: COUNTED + 1].count()


@dataclass(slots=True)
class _Names:
    """Names of one digest: the first of those that move and of those that do not; `total` counts all that it has."""

    floating: list[str] = field(default_factory=list)
    pinned: list[str] = field(default_factory=list)
    total: int = 1

    def beside(self, row: Tag) -> list[str]:
        """The most telling ones first: for a name that moves the version that it stands for, else the names that move."""
        names = (
            [*self.pinned[:1], *self.floating, *self.pinned[1:]]
            if row.is_floating
            else [*self.floating, *self.pinned]
        )
        return [name for name in names if name != row.name]


def _names_of_digests(repository: Repository, digests: set[str]) -> dict[str, _Names]:
    """One question for a whole page, and never more than some names of each digest."""
    found: dict[str, _Names] = {}
    if not digests:
        return found
    rows = Tag.objects.filter(repository=repository, digest__in=digests).annotate(
        place=Window(
            RowNumber(), partition_by=["digest", "is_floating"], order_by=F("order_key").desc()
        ),
        total=Window(Count("pk"), partition_by="digest"),
    )
    # One more than is shown: the row itself may be among them.
    first = rows.filter(place__lte=_ALIASES_SHOWN + 1).order_by("digest", "place")
    for digest, name, is_floating, total in first.values_list(
        "digest", "name", "is_floating", "total"
    ):
        names = found.setdefault(digest, _Names(total=total))
        (names.floating if is_floating else names.pinned).append(name)
    return found


def _listed(row: Tag, names: _Names) -> ListedTag:
    aliases = tuple(_on_one_line(names.beside(row)))
    return ListedTag(row, aliases, names.total - 1 - len(aliases), _words(row.platforms))


def _on_one_line(names: list[str]) -> Iterator[str]:
    """At least one, and as many as have room beside each other."""
    taken = 0
    for number, name in enumerate(names[:_ALIASES_SHOWN]):
        taken += len(name) + _ALIAS_MARGIN
        if number and taken > _ALIASES_WIDTH:
            return
        yield name
