"""Operations on local images. None of them copies bytes."""

import logging
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q, QuerySet

from registry_ui.accounts.audit.log import record
from registry_ui.accounts.models import Action, Role, Team, User
from registry_ui.accounts.permissions import check_role
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import InvalidReference, ManifestUnknown
from registry_ui.oci.reference import Reference

from .models import LocalImage
from .names import assign_name, copy_name, delete_names, refuse_immutable
from .store import LocalStore

logger = logging.getLogger(__name__)

_MAX_HINTS = 5


def find_image(team: Team, reference: Reference) -> LocalImage:
    """Return the local image of a reference; a digest takes precedence over a tag.

    Raises:
        ManifestUnknown: it lists the tags that exist instead.
    """
    images = LocalImage.objects.filter(
        team=team, registry=reference.registry, repository=reference.repository
    )
    if reference.digest is not None:
        # A reference by the index's digest finds the image of one platform, too.
        wanted = Q(digest=str(reference.digest)) | Q(source_digest=str(reference.digest))
        matches = sorted(
            images.filter(wanted),
            # An exact digest is a better match than the index that a platform came from.
            key=lambda image: (image.digest != str(reference.digest), image.tag),
        )
    else:
        matches = list(images.filter(tag=reference.tag).exclude(tag=""))

    if matches:
        return matches[0]

    raise _unknown_image(reference, images)


def tag_image(*, team: Team, user: User | None, source: Reference, target: Reference) -> LocalImage:
    """Give a local image another name, as `docker tag` does.

    A name of another image is moved; `previous_image_id` of the result names that image.

    Raises:
        ManifestUnknown: there is no such image.
        InvalidReference: the target is a digest.
    """
    if target.tag is None or target.digest is not None:
        raise InvalidReference("new_name_needs_tag", name=target.name)

    image = find_image(team, source)

    # `docker tag` overwrites silently, too.
    existing = LocalImage.objects.filter(
        team=team, registry=target.registry, repository=target.repository, tag=target.tag
    ).first()

    # The name has this image already: nothing is written, and immutability does not matter.
    if existing is not None and existing.digest == image.digest:
        return existing

    tagged = copy_name(source=image, user=user, target=target)
    if tagged is None:
        raise ManifestUnknown("local_name_removed", name=source.familiar)

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
        source_digest: the digest of the name on the registry, of the index even where only one
            platform of it was pulled.
        origin: the reference that it was pulled from.

    Raises:
        ManifestUnknown, BlobUnknown: a part of the image is missing.
        ContentMismatch: a manifest or config in the store is damaged.
    """
    # The facts are read from the stored manifests, never taken from the caller.
    facts = LocalStore(team, name, user=user).facts(digest)
    return assign_name(
        team=team, user=user, name=name, facts=facts, source_digest=source_digest, origin=origin
    )


@dataclass(frozen=True, slots=True)
class NameRemoval:
    """The result of removing a name.

    Attributes:
        remaining: the image's other names.
        freed: bytes that no other image of the team needs.
    """

    image: LocalImage
    remaining: list[LocalImage]
    freed: int


def plan_removal(image: LocalImage) -> NameRemoval:
    """Return the result that `remove_name` would have."""
    others = other_names(image)
    remaining = sorted(
        (row for row in others if row.image_id == image.image_id),
        key=lambda row: str(row.reference),
    )

    # A blob is freed only if no other name of the team needs it.
    needed = set().union(*(row.digests for row in others))
    entries = {entry["digest"]: entry["size"] for entry in (*image.manifests, *image.blobs)}
    return NameRemoval(
        image, remaining, sum(size for digest, size in entries.items() if digest not in needed)
    )


def remove_name(*, image: LocalImage, user: User | None) -> NameRemoval:
    """Remove a name. The image's other names stay.

    Blobs that no image needs any more stay until the garbage collector removes them.

    Raises:
        PermissionDenied: the person is no operator of the image's team.
        Denied: the name is an immutable tag of the built-in registry.
    """
    check_role(image.team, user, Role.OPERATOR)
    refuse_immutable(image)
    removal = plan_removal(image)

    # The audit log has the removal if, and only if, it happened.
    with transaction.atomic():
        delete_names([image])
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
    """Return all other names of the team's images, of this image and of others."""
    return LocalImage.objects.filter(team=image.team).exclude(pk=image.pk)


def _unknown_image(reference: Reference, images: QuerySet[LocalImage]) -> ManifestUnknown:
    """Return the error, with the tags that exist instead."""
    names = [image.reference.familiar for image in images.order_by("-updated_at")[:_MAX_HINTS]]
    code = "local_tag_unknown" if names else "local_name_unknown"
    return ManifestUnknown(code, name=reference.familiar, names=names or None)
