"""Names of local images: the rows, each written in one transaction."""

from typing import Any

from django.db import transaction

from registry_ui.accounts.models import Team, User
from registry_ui.oci.digest import Digest
from registry_ui.oci.facts import ImageFacts
from registry_ui.oci.reference import Reference

from .models import LocalImage

_COPIED_BY_A_TAG = (
    "digest",
    "media_type",
    "image_id",
    "source_digest",
    "platforms",
    "manifests",
    "blobs",
    "size",
    "image_created_at",
)


def point_name(*, team: Team, user: User | None, name: Reference, facts: ImageFacts, source_digest: Digest, origin: str) -> LocalImage:
    """Make a name point at an image; a name that pointed elsewhere moves."""
    values = {**facts.as_row(), "source_digest": str(source_digest), "origin": origin}
    with transaction.atomic():
        return _point(team, user, name, values)


def copy_name(*, source: LocalImage, user: User | None, target: Reference) -> LocalImage | None:
    """Make another name point at the image of a name; None where that was removed meanwhile.

    Both rows are seen or changed in one transaction, so at any moment one of them keeps the blobs from the collector.
    """
    with transaction.atomic():
        current = LocalImage.objects.select_for_update().filter(pk=source.pk).first()
        if current is None:
            return None
        values = {name: getattr(current, name) for name in _COPIED_BY_A_TAG}
        return _point(current.team, user, target, {**values, "origin": str(current.reference)})


def _point(team: Team, user: User | None, name: Reference, values: dict[str, Any]) -> LocalImage:
    key: dict[str, Any] = {"team": team, "registry": name.registry, "repository": name.repository, "tag": name.tag or ""}
    if not name.tag:
        key["digest"] = values["digest"]
    values = {**values, "created_by": user}
    image, created = LocalImage.objects.select_for_update().get_or_create(**key, defaults=values)
    if created:
        return image
    previous = image.image_id
    for field, value in values.items():
        setattr(image, field, value)
    image.save(update_fields=[*values, "updated_at"])
    image.previous_image_id = previous if previous != image.image_id else ""
    return image
