"""Copies of images from one store to another, with the options that most tests take."""

from typing import Any

from registry_ui.oci.archive.archive_plan import ArchivePlan, PlannedArchive
from registry_ui.oci.archive.archive_store import ArchiveStore
from registry_ui.oci.archive.platform_filter import PlatformFilter
from registry_ui.oci.digest import Digest
from registry_ui.oci.image_copy import CopiedImage, CopySession, PlatformChoice, copy_image
from registry_ui.oci.manifest import Platform
from registry_ui.oci.store import ImageStore


def copy(
    source: ImageStore, reference: str | Digest, target: ImageStore, tag: str | None, **options: Any
) -> CopiedImage:
    """Copy an image of every platform, unless the options name one; the others are a session's."""
    platform = options.pop("platform", PlatformChoice(None))
    return copy_image(source, reference, target, tag, CopySession(**options), platform=platform)


def export_archive(store: ArchiveStore, platforms: tuple[str, ...] = ()) -> PlannedArchive:
    """Return a new archive with everything of another one."""
    plan = ArchivePlan(Platform("linux", "amd64"))
    source = PlatformFilter(store, [Platform.parse(text) for text in platforms])
    for image in store.images:
        for name in image.names:
            # By its text: only that asks for the whole index.
            copy(source, str(image.digest), plan.store_for(name), name.identifier)
    return plan.build()


def read_archive(planned: PlannedArchive, store: ArchiveStore) -> bytes:
    """Return the bytes of an archive whose blobs are in a store."""
    return b"".join(planned.read(store.open_blob))
