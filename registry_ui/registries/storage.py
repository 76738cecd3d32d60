"""What a registry and its repositories take, and what of it is theirs alone: read from the counts that index runs leave."""

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

from registry_ui.web.pictures import WIDTH, Bar
from registry_ui.web.treemap import Rectangle, squarified

from .models import (
    UNSTATED,
    Artifact,
    ArtifactBlob,
    ArtifactChild,
    Blob,
    Registry,
    Repository,
    RepositoryBlob,
    Tag,
)

_TILES = 40
_LARGEST = 20
_LAYERS = 12
_TAGS = 12
_SHARERS = 8
# A name is written into a tile that is so wide and high.
_NAME_WIDTH, _NAME_HEIGHT = 110.0, 30.0
_LETTER = 7.2

_AGES: Sequence[tuple[str, str | Promise, timedelta | None]] = (
    ("week", _("under a week"), timedelta(days=7)),
    ("month", _("under a month"), timedelta(days=30)),
    ("quarter", _("under three months"), timedelta(days=91)),
    ("year", _("under a year"), timedelta(days=365)),
    ("older", _("a year and older"), None),
)


@dataclass(frozen=True, slots=True)
class Tile:
    """A repository in the picture; `own` is the part that no other repository of the registry needs."""

    repository: Repository
    place: Rectangle
    own: Rectangle

    @property
    def text_x(self) -> float:
        return self.place.x + 8

    @property
    def text_y(self) -> float:
        return self.place.y + 18

    @property
    def label(self) -> str:
        """As much of the name as has room; empty where that is nothing."""
        if self.place.width < _NAME_WIDTH or self.place.height < _NAME_HEIGHT:
            return ""
        room = int((self.place.width - 16) / _LETTER)
        name = self.repository.name
        return name if len(name) <= room else f"…{name[-room + 1 :]}"


@dataclass(frozen=True, slots=True)
class Age:
    """How many tags name images of an age; `bar` is their part of the most numerous, of `WIDTH` units."""

    name: str
    label: str | Promise
    count: int
    bar: float


@dataclass(frozen=True, slots=True)
class RegistryStorage:
    """`separate` is what the repositories would take without sharing; `rest` counts those that the picture leaves out."""

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
class HeldLayer:
    """A blob of a repository; so many `images` of the registry need it."""

    blob: Blob
    images: int
    bar: Bar

    @property
    def is_shared(self) -> bool:
        return self.blob.repository_count > 1


@dataclass(frozen=True, slots=True)
class HeldImage:
    """A digest with the tags that name it; `freed` are the bytes that nothing else needs."""

    artifact: Artifact
    tags: Sequence[str]
    freed: int


@dataclass(frozen=True, slots=True)
class RepositoryStorage:
    repository: Repository
    layers: Sequence[HeldLayer]
    images: Sequence[HeldImage]
    sharers: Sequence[dict[str, Any]]
    ages: Sequence[Age]


def storage_of_registry(registry: Registry) -> RegistryStorage:
    """Three questions to the database."""
    rows = Repository.objects.filter(registry=registry)
    largest = list(rows.filter(size__gt=0).order_by("-size", "-id")[:_TILES])
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
    """Seven questions to the database, however many tags there are."""
    return RepositoryStorage(
        repository=repository,
        layers=_layers(repository),
        images=_images(repository),
        sharers=_sharers(repository),
        ages=_ages(Tag.objects.filter(repository=repository)),
    )


def _tiles(repositories: Sequence[Repository]) -> list[Tile]:
    places = squarified([repository.size for repository in repositories])
    return [
        Tile(repository, place, _own_part(repository, place))
        for repository, place in zip(repositories, places, strict=True)
    ]


def _own_part(repository: Repository, place: Rectangle) -> Rectangle:
    """The lower part of a tile, as large as what is the repository's own."""
    height = round(place.height * repository.unique_size / repository.size, 2)
    return Rectangle(place.x, round(place.y + place.height - height, 2), place.width, height)


def _ages(tags: QuerySet[Tag]) -> list[Age]:
    now = timezone.now()
    bounds = [When(built_at=UNSTATED, then=Value("unstated"))]
    bounds += [
        When(built_at__gte=now - age, then=Value(name))
        for name, _label, age in _AGES
        if age is not None
    ]
    named = tags.exclude(digest="").annotate(
        age=Case(*bounds, default=Value("older"), output_field=CharField())
    )
    counts = dict(
        named.order_by().values("age").annotate(count=Count("pk")).values_list("age", "count")
    )
    labels = [*((name, label) for name, label, _age in _AGES), ("unstated", _("no date stated"))]
    most = max(counts.values(), default=0) or 1
    return [
        Age(name, label, counts.get(name, 0), round(WIDTH * counts.get(name, 0) / most, 2))
        for name, label in labels
    ]


def _layers(repository: Repository) -> list[HeldLayer]:
    links = RepositoryBlob.objects.filter(repository=repository).order_by("-blob__size", "-blob")
    largest = Blob.objects.filter(pk__in=links.values("blob")[:_LAYERS])
    blobs = list(largest.annotate(images=Count("artifact_links")).order_by("-size", "-id"))
    most = max((blob.size for blob in blobs), default=0) or 1
    return [
        HeldLayer(blob, blob.images, Bar(0.0, round(WIDTH * blob.size / most, 2))) for blob in blobs
    ]


def _images(repository: Repository) -> list[HeldImage]:
    """The largest digests that tags name, with what deleting each of them with all of its tags would free."""
    here = (
        Tag.objects.filter(repository=repository, artifact__isnull=False)
        .order_by()
        .values("artifact")
    )
    wanted = (
        here.annotate(most=Max("size")).order_by("-most", "-artifact").values("artifact")[:_TAGS]
    )
    elsewhere = Tag.objects.filter(artifact=OuterRef("pk")).exclude(repository=repository)
    kept = Exists(elsewhere) | Exists(ArtifactChild.objects.filter(child=OuterRef("pk")))
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
        HeldImage(artifact, names[artifact.pk], freed.get(artifact.pk, 0)) for artifact in largest
    ]


def _freed(roots: Sequence[int]) -> dict[int, int]:
    """Artifact → bytes of the blobs that go with it: not those that any other artifact of the registry names, nor those of
    children that another index or a tag names."""
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
    needed = ArtifactBlob.objects.filter(artifact__in=members).annotate(
        needs=Count("blob__artifact_links")
    )
    blobs: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for artifact, blob, size, needs in needed.order_by().values_list(
        "artifact", "blob", "blob__size", "needs"
    ):
        blobs[artifact].append((blob, size, needs))
    return {
        root: _lost([row for member in group for row in blobs[member]])
        for root, group in groups.items()
    }


def _lost(rows: Sequence[tuple[int, int, int]]) -> int:
    """Bytes of the blobs whose every need is among these rows (blob, bytes, needs in the registry)."""
    here: dict[int, int] = defaultdict(int)
    facts: dict[int, tuple[int, int]] = {}
    for blob, size, needs in rows:
        here[blob] += 1
        facts[blob] = (size, needs)
    return sum(size for blob, (size, needs) in facts.items() if here[blob] == needs)


def _sharers(repository: Repository) -> list[dict[str, Any]]:
    """The repositories that need the most of the same blobs."""
    links = RepositoryBlob.objects.filter(blob__repository_links__repository=repository).exclude(
        repository=repository
    )
    totals = (
        links.order_by()
        .values("repository__name")
        .annotate(size=Sum("blob__size"), blobs=Count("pk"))
    )
    return [dict(row) for row in totals.order_by("-size", "repository__name")[:_SHARERS]]
