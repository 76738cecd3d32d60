"""Local images whose tag points to another image on its registry now."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import OuterRef, Q, QuerySet, Subquery

from registry_ui.catalog.models import Tag
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import OciError
from registry_ui.oci.manifest import INDEX_TYPES
from registry_ui.oci.reference import Reference

from .models import LocalImage


@dataclass(frozen=True, slots=True)
class NewerImage:
    """A local name, and the tag of the same name in the index."""

    image: LocalImage
    tag: Tag

    @property
    def pulled_digest(self) -> str:
        """The digest of the name on the registry when it was pulled."""
        return self.image.source_digest or self.image.digest

    @property
    def pulled_reference(self) -> Reference:
        """The pulled image on the registry, which may keep it untagged."""
        return self.image.reference.with_digest(Digest.parse(self.pulled_digest))

    @property
    def current_reference(self) -> Reference:
        return self.image.reference.with_digest(Digest.parse(self.tag.digest))

    @property
    def moved_at(self) -> datetime | None:
        """The time when the tag moved; None where the index knows only one image of it."""
        return self.tag.changed_at if self.tag.previous_digest else None

    @property
    def platform(self) -> str:
        """The platform to pull again: a platform, `all`, or empty for none."""
        # An index was pulled with all of its platforms.
        if self.image.media_type in INDEX_TYPES or len(self.image.platforms) > 1:
            return "all"
        return next((entry["platform"] for entry in self.image.platforms), "")

    @property
    def platform_choice(self) -> str:
        return {"all": "all", "": "machine"}.get(self.platform, "selected")


def find_newer(images: Iterable[LocalImage], rows: QuerySet[LocalImage]) -> dict[UUID, NewerImage]:
    """Return those of the images that have a newer image on their registry.

    Args:
        rows: a query for these images, or for more, which is joined with the index.
    """
    # A tag that was checked before the pull only proves nothing: the pull may have seen the tag
    # after it moved.
    moved_tags = Tag.objects.filter(
        Q(checked_at__gte=OuterRef("updated_at")) | Q(changed_at__gte=OuterRef("updated_at")),
        team=OuterRef("team"),
        repository__registry__team=OuterRef("team"),
        repository__registry__host=OuterRef("registry"),
        repository__name=OuterRef("repository"),
        name=OuterRef("tag"),
    ).exclude(digest__in=["", OuterRef("digest"), OuterRef("source_digest")])
    newest = rows.exclude(tag="").order_by().values(newest=Subquery(moved_tags.values("pk")[:1]))

    # One query for all tags that moved, with their registry's host for the key.
    tags = {
        (tag.team_id, tag.repository.registry.host, tag.repository.name, tag.name): tag
        for tag in Tag.objects.filter(pk__in=newest).select_related("repository__registry")
    }

    # The join above finds the rows; the exact tag of each image is looked up here.
    candidates = (
        (image, tags.get((image.team_id, image.registry, image.repository, image.tag)))
        for image in images
    )

    return {
        image.pk: NewerImage(image, tag)
        for image, tag in candidates
        if tag is not None and _was_pulled_as(image, tag)
    }


def _was_pulled_as(image: LocalImage, tag: Tag) -> bool:
    """Return whether the image was ever the tag's image on the registry.

    A local name that was given to another image by `docker tag` never was.
    """
    # The registry still has the pulled image under this tag.
    if tag.digest in (image.digest, image.source_digest):
        return False
    if tag.previous_digest and tag.previous_digest in (image.digest, image.source_digest):
        return True

    # The tag moved more than once since then; the origin tells what was pulled.
    try:
        origin = Reference.parse(image.origin)
    except OciError:
        return not image.origin

    return (origin.registry, origin.repository, origin.tag) == (
        image.registry,
        image.repository,
        image.tag,
    )
