"""Local images whose tag points to another image on its registry by now."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import OuterRef, Q, QuerySet, Subquery

from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import OciError
from registry_ui.oci.manifest import INDEX_TYPES
from registry_ui.oci.reference import Reference
from registry_ui.registries.models import Tag

from .models import LocalImage


@dataclass(frozen=True, slots=True)
class Newer:
    """A local name, and the tag of the same name in the index."""

    image: LocalImage
    tag: Tag

    @property
    def had(self) -> str:
        """What the name pointed at on the registry when it was pulled."""
        return self.image.source_digest or self.image.digest

    @property
    def before(self) -> Reference:
        """That image on the registry, which may keep it although the tag went on."""
        return self.image.reference.with_digest(Digest.parse(self.had))

    @property
    def after(self) -> Reference:
        return self.image.reference.with_digest(Digest.parse(self.tag.digest))

    @property
    def since(self) -> datetime | None:
        """When the tag was seen to move; None where only its new image is known."""
        return self.tag.changed_at if self.tag.previous_digest else None

    @property
    def platform(self) -> str:
        """What was pulled, for the form that pulls it again: a platform, `all`, or empty where the image named none."""
        if self.image.media_type in INDEX_TYPES or len(self.image.platforms) > 1:
            return "all"
        return next((entry["platform"] for entry in self.image.platforms), "")

    @property
    def platform_choice(self) -> str:
        return {"all": "all", "": "machine"}.get(self.platform, "chosen")


def find_newer(images: Iterable[LocalImage], rows: QuerySet[LocalImage]) -> dict[UUID, Newer]:
    """Those of the images that are newer on their registry.

    Args:
        rows: the query for these images, or for more: it is joined to the index, all in one.
    """
    # A tag that was only looked at before the pull says nothing: the pull may have seen it move first.
    there = Tag.objects.filter(
        Q(checked_at__gte=OuterRef("updated_at")) | Q(changed_at__gte=OuterRef("updated_at")),
        team=OuterRef("team"),
        repository__registry__team=OuterRef("team"),
        repository__registry__host=OuterRef("registry"),
        repository__name=OuterRef("repository"),
        name=OuterRef("tag"),
    ).exclude(digest__in=["", OuterRef("digest"), OuterRef("source_digest")])
    moved = rows.exclude(tag="").order_by().values(moved=Subquery(there.values("pk")[:1]))
    tags = {
        (tag.team_id, tag.repository.registry.host, tag.repository.name, tag.name): tag
        for tag in Tag.objects.filter(pk__in=moved).select_related("repository__registry")
    }
    found = (
        (image, tags.get((image.team_id, image.registry, image.repository, image.tag)))
        for image in images
    )
    return {
        image.pk: Newer(image, tag)
        for image, tag in found
        if tag is not None and _was_there(image, tag)
    }


def _was_there(image: LocalImage, tag: Tag) -> bool:
    """Whether the image was ever what the tag names: a local name that was only given to another image never was."""
    if tag.digest in (image.digest, image.source_digest):
        return False
    if tag.previous_digest and tag.previous_digest in (image.digest, image.source_digest):
        return True
    try:
        origin = Reference.parse(image.origin)
    except OciError:
        return not image.origin
    return (origin.registry, origin.repository, origin.tag) == (
        image.registry,
        image.repository,
        image.tag,
    )
