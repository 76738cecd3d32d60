"""Exports: archives of local images, created while they are sent and never stored."""

from collections.abc import Sequence
from dataclasses import dataclass

from registry_ui.oci.archive.archive_plan import ArchivePlan, PlannedArchive
from registry_ui.oci.archive.platform_filter import PlatformFilter
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import BlobUnknown, InvalidReference
from registry_ui.oci.image_copy import CopySession, PlatformChoice, copy_image
from registry_ui.oci.manifest import Platform

from ..models import LocalImage
from ..store import LocalStore


@dataclass(frozen=True, slots=True)
class Export:
    """An archive that can be sent.

    `archive.read(store.open_blob)` yields its bytes.
    """

    archive: PlannedArchive
    store: LocalStore
    name: str


def export_images(*, images: Sequence[LocalImage], platforms: Sequence[Platform] = ()) -> Export:
    """Return an archive of images of one team, each under its name.

    Args:
        platforms: only these; empty for all that an image has.

    Raises:
        InvalidReference: no image was selected.
        PlatformMissing: an image has none of the platforms.
        ManifestUnknown, BlobUnknown, ContentMismatch: an image is incomplete.
    """
    if not images:
        raise InvalidReference("no_image_chosen")

    # An archive is one more target of a copy, so exporting needs no algorithm of its own.
    team, plan = images[0].team, ArchivePlan()
    for image in images:
        name = image.reference
        local = LocalStore(team, name)

        # Planning reads manifests only; blobs are read when the archive is sent.
        copy_image(
            PlatformFilter(local, platforms) if platforms else local,
            name.identifier,
            plan.store_for(name),
            name.identifier,
            CopySession(blob_workers=1),
            platform=PlatformChoice(None),
        )

    export = Export(plan.build(), LocalStore(team, images[0].reference), _file_name(images))
    _check_complete(export)
    return export


def _check_complete(export: Export) -> None:
    """Refuse an incomplete export before its first byte is sent.

    The garbage collector keeps the blobs that were found for the grace period.

    Raises:
        BlobUnknown
    """
    # Once the first byte is sent, an error can only cut the download off.
    missing = [blob.digest for blob in export.archive.blobs if not export.store.has_blob(blob)]
    if missing:
        raise BlobUnknown("local_blob_needed", digest=missing[0])


def _file_name(images: Sequence[LocalImage]) -> str:
    first = images[0].reference
    name = (
        f"{first.repository.rpartition('/')[2]}-{first.tag or Digest.parse(images[0].digest).short}"
    )

    # The file's name has the first image and the number of the others.
    others = len({image.image_id for image in images}) - 1
    return f"{name}-and-{others}-more.tar" if others else f"{name}.tar"
