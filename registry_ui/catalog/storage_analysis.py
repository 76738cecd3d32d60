"""Storage of a registry and its repositories, from the sizes that index runs have counted."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import (
    Case,
    CharField,
    Count,
    Exists,
    Max,
    OuterRef,
    QuerySet,
    Sum,
    Value,
    When,
)
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from registry_ui.registries.models import Registry
from registry_ui.web.bars import WIDTH, Bar
from registry_ui.web.treemap import Rectangle, squarify

from .models import (
    UNSTATED,
    Artifact,
    ArtifactBlob,
    ArtifactChild,
    Blob,
    Repository,
    RepositoryBlob,
    Tag,
)

# How many of each the pages show.
_TILES = 40
_LARGEST = 20
_LAYERS = 12
_IMAGES = 12
_SHARERS = 8
# The smallest tile with a name in it, and the width of a letter, in units of the picture.
_MIN_NAME_WIDTH, _MIN_NAME_HEIGHT = 110.0, 30.0
_LETTER_WIDTH = 7.2

_AGES: Sequence[tuple[str, str | Promise, timedelta | None]] = (
    ("week", _("under a week"), timedelta(days=7)),
    ("month", _("under a month"), timedelta(days=30)),
    ("quarter", _("under three months"), timedelta(days=91)),
    ("year", _("under a year"), timedelta(days=365)),
    ("older", _("a year and older"), None),
)


@dataclass(frozen=True, slots=True)
class Tile:
    """A repository in the treemap; `own` is the part that no other repository needs."""

    repository: Repository
    area: Rectangle
    own: Rectangle

    @property
    def text_x(self) -> float:
        return self.area.x + 8

    @property
    def text_y(self) -> float:
        return self.area.y + 18

    @property
    def label(self) -> str:
        """The end of the name that fits into the tile; empty if the tile is too small."""
        if self.area.width < _MIN_NAME_WIDTH or self.area.height < _MIN_NAME_HEIGHT:
            return ""
        length = int((self.area.width - 16) / _LETTER_WIDTH)
        name = self.repository.name
        return name if len(name) <= length else f"…{name[-length + 1 :]}"


@dataclass(frozen=True, slots=True)
class Age:
    """The number of tags whose images have an age; the longest bar has `WIDTH` units."""

    name: str
    label: str | Promise
    count: int
    bar: float


@dataclass(frozen=True, slots=True)
class RegistryStorage:
    """The storage of a registry.

    `separate` is its size without sharing; `rest` is the number of repositories without a tile.
    """

    registry: Registry
    separate: int
    tiles: Sequence[Tile]
    largest: Sequence[Repository]
    ages: Sequence[Age]
    rest: int

    @property
    def saved(self) -> int:
        return max(self.separate - self.registry.size, 0)


@dataclass(frozen=True, slots=True)
class LayerUsage:
    """A blob of a repository; `images` of the registry need it."""

    blob: Blob
    images: int
    bar: Bar

    @property
    def is_shared(self) -> bool:
        return self.blob.repository_count > 1


@dataclass(frozen=True, slots=True)
class ImageUsage:
    """A digest with its tags; `freed` is the number of bytes that its deletion frees."""

    artifact: Artifact
    tags: Sequence[str]
    freed: int


@dataclass(frozen=True, slots=True)
class RepositoryStorage:
    """The storage of a repository."""

    repository: Repository
    layers: Sequence[LayerUsage]
    images: Sequence[ImageUsage]
    sharers: Sequence[dict[str, Any]]
    ages: Sequence[Age]


def storage_of_registry(registry: Registry) -> RegistryStorage:
    """Return the storage of a registry, with three queries."""
    rows = Repository.objects.filter(registry=registry)
    # Without empty repositories: a tile needs an area.
    largest = list(rows.filter(size__gt=0).order_by("-size", "-id")[:_TILES])
    # The sum counts a shared blob once per repository, which is the size without sharing.
    separate = rows.aggregate(total=Sum("size"))["total"] or 0
    return RegistryStorage(
        registry=registry,
        separate=separate,
        tiles=_tiles(largest),
        largest=largest[:_LARGEST],
        ages=_ages(Tag.objects.filter(repository__registry=registry)),
        rest=max(registry.repository_count - len(largest), 0),
    )


def storage_of_repository(repository: Repository) -> RepositoryStorage:
    """Return the storage of a repository, with seven queries however many tags it has."""
    return RepositoryStorage(
        repository=repository,
        layers=_layers(repository),
        images=_images(repository),
        sharers=_sharers(repository),
        ages=_ages(Tag.objects.filter(repository=repository)),
    )


def _tiles(repositories: Sequence[Repository]) -> list[Tile]:
    areas = squarify([repository.size for repository in repositories])
    return [
        Tile(repository, area, _own_part(repository, area))
        for repository, area in zip(repositories, areas, strict=True)
    ]


def _own_part(repository: Repository, area: Rectangle) -> Rectangle:
    """Return the lower part of a tile, in proportion to the repository's unique size."""
    # Rounded, because the SVG needs no more digits and the page gets smaller.
    height = round(area.height * repository.unique_size / repository.size, 2)
    return Rectangle(area.x, round(area.y + area.height - height, 2), area.width, height)


def _ages(tags: QuerySet[Tag]) -> list[Age]:
    now = timezone.now()
    # The first condition that holds decides, and the ages are sorted: youngest first.
    bounds = [When(built_at=UNSTATED, then=Value("unstated"))]
    bounds += [
        When(built_at__gte=now - age, then=Value(name))
        for name, _label, age in _AGES
        if age is not None
    ]
    dated = tags.exclude(digest="").annotate(
        age=Case(*bounds, default=Value("older"), output_field=CharField())
    )
    counts = dict(
        dated.order_by().values("age").annotate(count=Count("pk")).values_list("age", "count")
    )

    labels = [*((name, label) for name, label, _age in _AGES), ("unstated", _("no date stated"))]
    most = max(counts.values(), default=0) or 1
    return [
        Age(name, label, counts.get(name, 0), round(WIDTH * counts.get(name, 0) / most, 2))
        for name, label in labels
    ]


def _layers(repository: Repository) -> list[LayerUsage]:
    # The inner query finds the largest blobs alone; only these are counted below.
    links = RepositoryBlob.objects.filter(repository=repository).order_by("-blob__size", "-blob")
    largest = Blob.objects.filter(pk__in=links.values("blob")[:_LAYERS])
    blobs = list(largest.annotate(images=Count("artifact_links")).order_by("-size", "-id"))
    most = max((blob.size for blob in blobs), default=0) or 1
    return [
        LayerUsage(blob, blob.images, Bar(0.0, round(WIDTH * blob.size / most, 2)))
        for blob in blobs
    ]


def _images(repository: Repository) -> list[ImageUsage]:
    """Return the largest images, with the bytes freed by deleting each with all of its tags."""
    tagged = Tag.objects.filter(repository=repository, artifact__isnull=False).order_by()
    by_size = tagged.values("artifact").annotate(most=Max("size")).order_by("-most", "-artifact")
    wanted = by_size.values("artifact")[:_IMAGES]

    # An image that another repository or an index needs stays in the registry: it frees nothing.
    other_tags = Tag.objects.filter(artifact=OuterRef("pk")).exclude(repository=repository)
    kept = Exists(other_tags) | Exists(ArtifactChild.objects.filter(child=OuterRef("pk")))
    largest = list(
        Artifact.objects.filter(pk__in=wanted).annotate(is_kept=kept).order_by("-size", "-id")
    )

    names: dict[int, list[str]] = defaultdict(list)
    rows = Tag.objects.filter(
        repository=repository, artifact__in=[artifact.pk for artifact in largest]
    )
    for key, name in rows.order_by("-order_key").values_list("artifact", "name"):
        names[key].append(name)

    freed = _freed([artifact.pk for artifact in largest if not artifact.is_kept])
    return [
        ImageUsage(artifact, names[artifact.pk], freed.get(artifact.pk, 0)) for artifact in largest
    ]


def _freed(roots: Sequence[int]) -> dict[int, int]:
    """Return the bytes that the deletion of each artifact frees, by artifact.

    A child goes with its index unless another index or a tag names it; a blob goes with its last
    artifact.
    """
    # Each artifact with the children that would be deleted with it.
    groups = {root: {root} for root in roots}
    links = ArtifactChild.objects.filter(parent__in=roots).annotate(
        parents=Count("child__parent_links"),
        is_tagged=Exists(Tag.objects.filter(artifact=OuterRef("child"))),
    )
    for parent, child, parents, is_tagged in links.order_by().values_list(
        "parent", "child", "parents", "is_tagged"
    ):
        if parents == 1 and not is_tagged:
            groups[parent].add(child)

    members = [member for group in groups.values() for member in group]
    # `needs` counts all artifacts of the registry that need the blob, also those outside the group.
    needed = ArtifactBlob.objects.filter(artifact__in=members).annotate(
        needs=Count("blob__artifact_links")
    )
    blobs: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for artifact, blob, size, needs in needed.order_by().values_list(
        "artifact", "blob", "blob__size", "needs"
    ):
        blobs[artifact].append((blob, size, needs))

    return {
        root: _unneeded_bytes([row for member in group for row in blobs[member]])
        for root, group in groups.items()
    }


def _unneeded_bytes(rows: Sequence[tuple[int, int, int]]) -> int:
    """Return the bytes of the blobs that only these rows need.

    Args:
        rows: (blob, bytes, number of artifacts in the registry that need it).
    """
    counts: dict[int, int] = defaultdict(int)
    blobs: dict[int, tuple[int, int]] = {}
    for blob, size, needs in rows:
        counts[blob] += 1
        blobs[blob] = (size, needs)
    return sum(size for blob, (size, needs) in blobs.items() if counts[blob] == needs)


def _sharers(repository: Repository) -> list[dict[str, Any]]:
    """Return the repositories that share the most bytes."""
    links = RepositoryBlob.objects.filter(blob__repository_links__repository=repository).exclude(
        repository=repository
    )
    # Grouped by name, which is unique within a registry.
    totals = (
        links.order_by()
        .values("repository__name")
        .annotate(size=Sum("blob__size"), blobs=Count("pk"))
    )
    return [dict(row) for row in totals.order_by("-size", "repository__name")[:_SHARERS]]
