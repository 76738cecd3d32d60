"""Pages of repositories and of tags, read from the index. No network."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Window
from django.db.models.functions import RowNumber
from django.utils.translation import gettext as _

from registry_ui.registries.models import Registry
from registry_ui.tags import BY_NAME
from registry_ui.web.keyset import Page

from ..models import UNSTATED, Repository, Tag
from .filters import PLAIN, RepositoryFilter, TagFilter

# An exact number of matches is worth no scan of a large table beyond this.
COUNTED = 1000
_MAX_ALIASES = 3
# In characters: the line below a tag, and the frame of each alias on it.
_ALIASES_WIDTH, _ALIAS_MARGIN = 33, 5
_PLATFORMS_SHOWN = 3
_VARIANTS_SHOWN = 14
_BAR_WIDTH = 100.0


@dataclass(frozen=True, slots=True)
class MatchCount:
    """The number of rows that match a filter, not counted beyond `COUNTED`."""

    count: int

    @property
    def are_more(self) -> bool:
        return self.count > COUNTED

    @property
    def shown(self) -> int:
        return min(self.count, COUNTED)


@dataclass(frozen=True, slots=True)
class ListedRepository:
    """A repository with the widths of its bar, of which the page's largest takes 100."""

    row: Repository
    unique_width: float
    shared_width: float


@dataclass(frozen=True, slots=True)
class ListedTag:
    """A tag with some other tags of its digest; `more_aliases` counts the rest."""

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
        """Return whether its image is in the index."""
        return self.row.artifact_id is not None

    @property
    def changed(self) -> datetime | None:
        return None if self.row.changed_at == UNSTATED else self.row.changed_at

    @property
    def variant(self) -> str:
        """The heading of its group."""
        return " · ".join(_split(self.row.flavour)) or _("Plain")


@dataclass(frozen=True, slots=True)
class Choice:
    """A value that a filter offers; `count` tags of the repository have it."""

    value: str
    label: str
    count: int
    is_chosen: bool
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Choices:
    """The values of the filters, and the numbers of pre-releases and of tags with a problem."""

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
    def is_any_more_chosen(self) -> bool:
        return any(choice.is_chosen for choice in self.more_variants)


def with_newest_tag(repositories: QuerySet[Repository]) -> QuerySet[Repository]:
    """Add `newest_tag`: latest if it exists, else the newest version."""
    # `latest` has the greatest order key, above every version.
    tags = Tag.objects.filter(repository=OuterRef("pk")).order_by("-order_key")
    return repositories.annotate(newest_tag=Subquery(tags.values("name")[:1]))


def page_of_repositories(
    registry: Registry, list_filter: RepositoryFilter, *, after: str, before: str
) -> tuple[Page, MatchCount]:
    """Return one page of a registry's repositories, and the number of matches.

    Raises:
        BadRequest: the cursor belongs to another order.
    """
    rows = list_filter.apply(Repository.objects.filter(registry=registry))
    page = list_filter.order.page(rows, after=after, before=before)
    # Without a filter, the count of the last index run saves a query.
    count = _count(rows, page) if list_filter.is_filtering else registry.repository_count

    largest = max((row.size for row in page.rows), default=0) or 1
    scale = _BAR_WIDTH / largest
    listed = [
        ListedRepository(row, scale * row.unique_size, scale * row.shared_size) for row in page.rows
    ]
    return replace(page, rows=listed), MatchCount(count)


def page_of_tags(
    repository: Repository, list_filter: TagFilter, *, after: str, before: str
) -> tuple[Page, MatchCount]:
    """Return one page of a repository's tags, and the number of matches.

    Raises:
        BadRequest: the cursor belongs to another order.
    """
    tags = list_filter.apply(Tag.objects.filter(repository=repository))
    # The keys are long, and the page does not show them.
    rows = tags.defer("order_key", "version_key")
    page = list_filter.order.page(rows, after=after, before=before)
    count = _count(rows, page) if list_filter.is_filtering else repository.tag_count

    names = _names_by_digest(repository, {row.digest for row in page.rows if row.digest})
    listed = [_listed(row, names.get(row.digest, _Names())) for row in page.rows]
    return replace(page, rows=listed), MatchCount(count)


def tag_choices(repository: Repository, list_filter: TagFilter) -> Choices:
    """Return the variants and platforms that occur in a repository."""
    # A selected value stays on offer with a count of 0, so that it can be deselected.
    variants: Counter[str] = Counter(dict.fromkeys(list_filter.variants, 0))
    platforms: Counter[str] = Counter(dict.fromkeys(filter(None, [list_filter.platform]), 0))
    prereleases = problems = 0
    # Few groups even for many tags: most tags of a variant have the same platforms.
    for flavour, platform_list, count, unstable, failed in _tag_groups(repository):
        variants.update(dict.fromkeys(_split(flavour) or (PLAIN,), count))
        platforms.update(dict.fromkeys(_split(platform_list), count))
        prereleases += unstable
        problems += failed

    # Plain first, then the most frequent ones.
    in_order = sorted(variants.items(), key=lambda item: (item[0] != PLAIN, -item[1], item[0]))
    return Choices(
        [_variant(name, count, name in list_filter.variants) for name, count in in_order],
        [
            Choice(name, name, count, name == list_filter.platform)
            for name, count in sorted(platforms.items())
        ],
        prereleases,
        problems,
    )


def _tag_groups(repository: Repository) -> QuerySet[Any]:
    """Return the numbers of tags for each combination of variants and platforms."""
    groups = (
        Tag.objects.filter(repository=repository).order_by().values_list("flavour", "platforms")
    )
    return groups.annotate(
        count=Count("pk"),
        unstable=Count("pk", filter=Q(is_prerelease=True)),
        failed=Count("pk", filter=Q(problem__isnull=False)),
    )


def _variant(name: str, count: int, is_chosen: bool) -> Choice:
    if name == PLAIN:
        return Choice(
            name,
            _("plain"),
            count,
            is_chosen,
            _("No variant in the name: the project's own choice of system and contents."),
        )
    suffix = BY_NAME.get(name)
    return Choice(name, name, count, is_chosen, _(suffix.meaning) if suffix else "")


def _split(text: str) -> tuple[str, ...]:
    return tuple(value for value in text.split("|") if value)


def _count(rows: QuerySet[Any], page: Page) -> int:
    return len(page.rows) if page.is_whole else rows.order_by()[: COUNTED + 1].count()


@dataclass(slots=True)
class _Names:
    """Some tags of one digest, floating and pinned ones; `total` counts all."""

    floating: list[str] = field(default_factory=list)
    pinned: list[str] = field(default_factory=list)
    total: int = 1

    def aliases_of(self, row: Tag) -> list[str]:
        """Return the other tags, the most useful first."""
        # For a floating tag that is the version that it stands for now.
        names = [*self.floating, *self.pinned]
        if row.is_floating:
            names = [*self.pinned[:1], *self.floating, *self.pinned[1:]]
        return [name for name in names if name != row.name]


def _names_by_digest(repository: Repository, digests: set[str]) -> dict[str, _Names]:
    """Return some tags of each digest, with one query for a whole page."""
    by_digest: dict[str, _Names] = {}
    if not digests:
        return by_digest

    # Window functions, because one digest may have thousands of tags.
    rows = Tag.objects.filter(repository=repository, digest__in=digests).annotate(
        position=Window(
            RowNumber(), partition_by=["digest", "is_floating"], order_by=F("order_key").desc()
        ),
        total=Window(Count("pk"), partition_by="digest"),
    )
    # One more than is shown, because the row itself may be among them.
    first = rows.filter(position__lte=_MAX_ALIASES + 1).order_by("digest", "position")
    for digest, name, is_floating, total in first.values_list(
        "digest", "name", "is_floating", "total"
    ):
        names = by_digest.setdefault(digest, _Names(total=total))
        (names.floating if is_floating else names.pinned).append(name)
    return by_digest


def _listed(row: Tag, names: _Names) -> ListedTag:
    aliases = tuple(_on_one_line(names.aliases_of(row)))
    return ListedTag(row, aliases, names.total - 1 - len(aliases), _split(row.platforms))


def _on_one_line(names: list[str]) -> Iterator[str]:
    """Yield as many names as fit on one line, and at least one."""
    width = 0
    for number, name in enumerate(names[:_MAX_ALIASES]):
        width += len(name) + _ALIAS_MARGIN
        if number and width > _ALIASES_WIDTH:
            return
        yield name
