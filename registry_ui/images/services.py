"""The verbs on local images. None of them moves data."""

import logging
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from registry_ui.accounts.models import Action, Team, User
from registry_ui.accounts.trail import record
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import InvalidReference, ManifestUnknown
from registry_ui.oci.reference import Reference

from .models import LocalImage
from .naming import copy_name, point_name, refuse_immutable
from .store import LocalStore

logger = logging.getLogger(__name__)

_MOST_HINTS = 5


def find_image(team: Team, reference: Reference) -> LocalImage:
    """The local image behind a name; where tag and digest are both given, the digest decides.

    Raises:
        ManifestUnknown: with the tags that are here instead.
    """
    images = LocalImage.objects.filter(
        team=team, registry=reference.registry, repository=reference.repository
    )
    if reference.digest is not None:
        wanted = Q(digest=str(reference.digest)) | Q(source_digest=str(reference.digest))
        found = sorted(
            images.filter(wanted),
            key=lambda image: (image.digest != str(reference.digest), image.tag),
        )
    else:
        found = list(images.filter(tag=reference.tag).exclude(tag=""))
    if found:
        return found[0]
    raise ManifestUnknown(
        _("There is no local image %(name)s.") % {"name": reference.familiar},
        advice=_advice(images),
    )


def tag_image(*, team: Team, user: User | None, source: Reference, target: Reference) -> LocalImage:
    """Give a local image one more name, as `docker tag` does. A target that is another image's name is taken from it:
    `previous_image_id` of the result says from which.

    Raises:
        ManifestUnknown: there is no such image.
        InvalidReference: the target is a digest.
    """
    if target.tag is None or target.digest is not None:
        raise InvalidReference(
            _("The new name needs a tag, not a digest."),
            advice=_("Write it as %(name)s:1.0, say.") % {"name": target.name},
        )
    image = find_image(team, source)
    existing = LocalImage.objects.filter(
        team=team, registry=target.registry, repository=target.repository, tag=target.tag
    ).first()
    if existing is not None and existing.digest == image.digest:
        return existing
    tagged = copy_name(source=image, user=user, target=target)
    if tagged is None:
        raise ManifestUnknown(
            _("The name %(name)s was removed meanwhile.") % {"name": source.familiar},
            advice=_("Choose another name of the image."),
        )
    return tagged


def name_image(
    *,
    team: Team,
    user: User | None,
    name: Reference,
    digest: Digest,
    source_digest: Digest,
    origin: str,
) -> LocalImage:
    """Give a name to an image whose manifests and blobs are in the store.

    Args:
        name: with a tag, or with a digest only.
        source_digest: what the name points at on the registry, the index even where one platform of it was kept.
        origin: the reference it was pulled from.

    Raises:
        ManifestUnknown, BlobUnknown: a part of the image is not here.
        ContentMismatch: a manifest or config in the store is damaged.
    """
    facts = LocalStore(team, name, user=user).facts(digest)
    return point_name(
        team=team, user=user, name=name, facts=facts, source_digest=source_digest, origin=origin
    )


@dataclass(frozen=True, slots=True)
class Removal:
    """What taking a name away leaves: the image's other names, and the bytes that nothing else of the team needs then."""

    image: LocalImage
    remaining: list[LocalImage]
    freed: int


def plan_removal(image: LocalImage) -> Removal:
    """What `remove_name` would do."""
    others = other_names(image)
    remaining = sorted(
        (row for row in others if row.image_id == image.image_id),
        key=lambda row: str(row.reference),
    )
    needed = set().union(*(row.digests for row in others))
    entries = {entry["digest"]: entry["size"] for entry in (*image.manifests, *image.blobs)}
    return Removal(
        image, remaining, sum(size for digest, size in entries.items() if digest not in needed)
    )


def remove_name(*, image: LocalImage, user: User | None) -> Removal:
    """Take a name away. The image's other names stay; what no image needs any more stays until the collector comes.

    Raises:
        Denied: a name on this server that a rule of the team keeps.
    """
    refuse_immutable(image)
    removal = plan_removal(image)
    with transaction.atomic():
        LocalImage.objects.filter(pk=image.pk).delete()
        record(
            Action.IMAGE_REMOVED,
            user=user,
            obj=image,
            name=image.reference.familiar,
            digest=image.digest,
        )
    logger.info(
        "%s removed the local name %s of the team %s.",
        user or "The command line",
        image.reference,
        image.team.slug,
    )
    return removal


def other_names(image: LocalImage) -> QuerySet[LocalImage]:
    """All other names of the team's images, of this image and of others."""
    return LocalImage.objects.filter(team=image.team).exclude(pk=image.pk)


def _advice(images: QuerySet[LocalImage]) -> str:
    names = [image.reference.familiar for image in images.order_by("-updated_at")[:_MOST_HINTS]]
    if names:
        return _(
            "Of this repository there are: %(names)s. Choose one of them, or pull the other first."
        ) % {"names": ", ".join(names)}
    return _("Pull it first; the page “Images” lists what is here.")
