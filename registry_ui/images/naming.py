"""Names of local images: the rows, each written in one transaction."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from registry_ui.accounts.models import Team, User
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import Denied
from registry_ui.oci.facts import ImageFacts
from registry_ui.oci.reference import Reference
from registry_ui.registries.this_server import check_own_name, is_here, this_host

from .models import ImmutableTags, LocalImage

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


def point_name(
    *,
    team: Team,
    user: User | None,
    name: Reference,
    facts: ImageFacts,
    source_digest: Digest,
    origin: str,
) -> LocalImage:
    """Make a name point at an image; a name that pointed elsewhere moves.

    Raises:
        InvalidReference: a name on this server that is not the team's to give.
        Denied: a name on this server that stays as it is.
    """
    values = {**facts.as_row(), "source_digest": str(source_digest), "origin": origin}
    with transaction.atomic():
        return _point(team, user, name, values)


def copy_name(*, source: LocalImage, user: User | None, target: Reference) -> LocalImage | None:
    """Make another name point at the image of a name; None where that was removed meanwhile.

    Both rows are seen or changed in one transaction, so at any moment one of them keeps the blobs from the collector.

    Raises:
        InvalidReference, Denied: as `point_name`.
    """
    with transaction.atomic():
        current = LocalImage.objects.select_for_update().filter(pk=source.pk).first()
        if current is None:
            return None
        values = {name: getattr(current, name) for name in _COPIED_BY_A_TAG}
        return _point(current.team, user, target, {**values, "origin": str(current.reference)})


def is_immutable(image: LocalImage) -> bool:
    """Whether a rule of the team keeps this name as it is."""
    if not image.tag or not is_here(image.registry):
        return False
    repository = image.repository.partition("/")[2]
    return any(
        rule.covers(repository, image.tag)
        for rule in ImmutableTags.objects.filter(team=image.team_id)
    )


def tags_freed_without(rule: ImmutableTags) -> list[str]:
    """The names on this server that this rule of the team keeps, and no other one."""
    others = list(ImmutableTags.objects.filter(team=rule.team_id).exclude(pk=rule.pk))
    images = (
        LocalImage.objects.filter(team=rule.team_id, registry=this_host())
        .exclude(tag="")
        .order_by("repository", "tag")
    )
    freed = []
    for image in images.only("registry", "repository", "tag"):
        repository = image.repository.partition("/")[2]
        if rule.covers(repository, image.tag) and not any(
            other.covers(repository, image.tag) for other in others
        ):
            freed.append(f"{image.repository}:{image.tag}")
    return freed


def refuse_immutable(image: LocalImage) -> None:
    """
    Raises:
        Denied
    """
    if is_immutable(image):
        raise Denied(
            _("%(name)s is immutable: a rule of the team keeps this tag as it is.")
            % {"name": image.reference.familiar},
            advice=_("Choose another tag, or have an admin of the team change the rule."),
        )


def _point(team: Team, user: User | None, name: Reference, values: dict[str, Any]) -> LocalImage:
    check_own_name(team, name)
    key: dict[str, Any] = {
        "team": team,
        "registry": name.registry,
        "repository": name.repository,
        "tag": name.tag or "",
    }
    if not name.tag:
        key["digest"] = values["digest"]
    values = {**values, "created_by": user}
    image, created = LocalImage.objects.select_for_update().get_or_create(**key, defaults=values)
    if created:
        return image
    if image.digest != values["digest"]:
        refuse_immutable(image)
    previous = image.image_id
    for field, value in values.items():
        setattr(image, field, value)
    image.save(update_fields=[*values, "updated_at"])
    image.previous_image_id = previous if previous != image.image_id else ""
    return image
