"""A preview of a deletion, read from the index before anybody confirms it."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from django.db.models import QuerySet

from registry_ui.catalog.models import Artifact, Tag
from registry_ui.oci.digest import Digest
from registry_ui.oci.reference import Reference
from registry_ui.registries.models import Registry

from .models import Transfer
from .services.delete import DeletionTarget
from .tag_selection import TagSelection

# Enough to see that other tags exist; the repository's page lists them all.
_REMAINING_SHOWN = 20


@dataclass(frozen=True, slots=True)
class AffectedImage:
    """A digest of selected tags, with everything in the index that refers to it.

    Args:
        selected_tags: the selected tags that point at the digest.
        other_tags: the tags that point at it too and are not selected.
        index_tags: the tags of the image indexes that contain it.
    """

    digest: str
    selected_tags: tuple[str, ...]
    other_tags: tuple[str, ...] = ()
    index_tags: tuple[str, ...] = ()
    artifact: Artifact | None = None

    @property
    def tags(self) -> tuple[str, ...]:
        return self.selected_tags + self.other_tags

    @property
    def size(self) -> int | None:
        return self.artifact.size if self.artifact else None

    @property
    def built(self) -> datetime | None:
        return self.artifact.built if self.artifact else None

    @property
    def is_lost(self) -> bool:
        """Return whether nothing refers to it once the selected tags are deleted."""
        return not self.other_tags and not self.index_tags


@dataclass(frozen=True)
class DeletionPlan:
    """The effect of a deletion.

    Args:
        unindexed_tags: the selected tags whose digest the index does not know.
    """

    name: Reference
    images: Sequence[AffectedImage]
    unindexed_tags: Sequence[str] = field(default_factory=list)

    @cached_property
    def tags(self) -> list[str]:
        """The tags to delete when the images stay."""
        return [
            *(tag for image in self.images for tag in image.selected_tags),
            *self.unindexed_tags,
        ]

    @cached_property
    def all_tags(self) -> list[str]:
        """The tags that are deleted with the images."""
        return [tag for image in self.images for tag in image.tags]

    @cached_property
    def unselected_tags(self) -> list[str]:
        """The tags that are deleted with the images although they are not selected."""
        return [tag for image in self.images for tag in image.other_tags]

    @cached_property
    def lost_images(self) -> list[AffectedImage]:
        return [image for image in self.images if image.selected_tags and image.is_lost]

    @cached_property
    def broken_tags(self) -> list[str]:
        """The tags of image indexes that would lack a part, except tags that are deleted too."""
        deleted = set(self.all_tags)
        return sorted({tag for image in self.images for tag in image.index_tags} - deleted)

    @property
    def lost_size(self) -> int:
        return sum(image.size or 0 for image in self.lost_images)

    @cached_property
    def fingerprint(self) -> str:
        """A hash that changes with anything that the page shows."""
        # Sizes are left out: they follow from the digests.
        images = [
            [image.digest, image.selected_tags, image.other_tags, image.index_tags]
            for image in self.images
        ]
        document = json.dumps([str(self.name), images, list(self.unindexed_tags)])
        return hashlib.sha256(document.encode()).hexdigest()[:32]

    def tag_targets(self) -> list[DeletionTarget]:
        indexed = [
            DeletionTarget(self.name.with_tag(tag), image.digest)
            for image in self.images
            for tag in image.selected_tags
        ]
        return indexed + [DeletionTarget(self.name.with_tag(tag)) for tag in self.unindexed_tags]

    def image_targets(self) -> list[DeletionTarget]:
        return [
            DeletionTarget(
                self.name.with_digest(Digest.parse(image.digest)), image.digest, image.tags
            )
            for image in self.images
        ]


def plan_deletion(selection: TagSelection) -> DeletionPlan:
    """Build the plan with four queries, however many tags are selected."""
    tags = Tag.objects.filter(
        repository__registry=selection.registry, repository__name=selection.repository
    )
    tags_by_digest = _tags_by_digest(selection, tags)
    # An image index is tagged by itself, and its parts usually are not.
    artifacts = _artifacts(selection.registry, tags_by_digest)
    index_tags = _index_tags(selection, artifacts.values())

    indexed = {name for names in tags_by_digest.values() for name in names}
    # A selected digest means all of its tags.
    selected = indexed if selection.digest else set(selection.tags)
    images = [
        AffectedImage(
            digest,
            tuple(name for name in names if name in selected),
            tuple(name for name in names if name not in selected),
            tuple(sorted(index_tags.get(digest, ()))),
            artifacts.get(digest),
        )
        for digest, names in tags_by_digest.items()
    ]
    return DeletionPlan(
        selection.name, images, [tag for tag in selection.tags if tag not in indexed]
    )


def _tags_by_digest(selection: TagSelection, tags: QuerySet[Tag]) -> dict[str, list[str]]:
    """Return every tag of the selected digests, by digest."""
    # A subquery: the database resolves the selected tags to their digests.
    digests = (
        {selection.digest}
        if selection.digest
        else tags.filter(name__in=selection.tags).exclude(digest="").values("digest")
    )
    tags_by_digest: dict[str, list[str]] = defaultdict(list)
    rows = tags.filter(digest__in=digests).order_by("order_key")
    for name, digest in rows.values_list("name", "digest"):
        tags_by_digest[digest].append(name)

    # An image without a tag has no row, and can be deleted all the same.
    if selection.digest:
        tags_by_digest.setdefault(selection.digest, [])
    return tags_by_digest


def _artifacts(registry: Registry, digests: Iterable[str]) -> Mapping[str, Artifact]:
    rows = Artifact.objects.filter(registry=registry, digest__in=list(digests))
    return {artifact.digest: artifact for artifact in rows}


def _index_tags(selection: TagSelection, artifacts: Iterable[Artifact]) -> Mapping[str, set[str]]:
    """Return the tags of the repository's image indexes by the digests that they contain."""
    # One row for each pair of a tag and a part, so a tag can occur several times.
    child = "artifact__child_links__child__digest"
    rows = Tag.objects.filter(
        repository__registry=selection.registry,
        repository__name=selection.repository,
        artifact__child_links__child__in=[artifact.pk for artifact in artifacts],
    )
    tags: dict[str, set[str]] = defaultdict(set)
    for name, digest in rows.values_list("name", child):
        tags[digest].add(name)
    return tags


def remaining_tags(transfer: Transfer) -> list[str]:
    """Return a few of the tags that still point at the digest of a deleted tag."""
    if not transfer.digest or transfer.target_registry is None:
        return []

    reference = Reference.parse(transfer.target)
    rows = Tag.objects.filter(
        repository__registry=transfer.target_registry,
        repository__name=reference.repository,
        digest=transfer.digest,
    )
    others = rows.exclude(name=reference.tag or "").order_by("order_key")
    return list(others.values_list("name", flat=True)[:_REMAINING_SHOWN])
