"""The executor of an import, which verifies the whole archive before it stores an image."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import ngettext

from registry_ui.images.archives.archive_uploads import (
    check_checksum,
    discard_upload,
    open_archive,
    touch_upload,
)
from registry_ui.images.archives.incoming_files import archive_missing
from registry_ui.images.models import ArchiveUpload
from registry_ui.images.services import name_image
from registry_ui.images.store import LocalStore
from registry_ui.jobs.rights import check_requester
from registry_ui.oci.archive.archive_store import ArchiveStore
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import InvalidArchive
from registry_ui.oci.image_copy import PlatformChoice, copy_image
from registry_ui.oci.manifest import Manifest
from registry_ui.oci.reference import Reference

from .transfer_run import TransferRun


def import_archive(run: TransferRun) -> Manifest:
    upload = ArchiveUpload.objects.filter(
        team=run.transfer.team, pk=run.transfer.options["upload"]
    ).first()
    if upload is None:
        raise archive_missing()

    # An upload that nobody uses is removed after some time, also one that waited in the queue.
    touch_upload(upload)
    try:
        with open_archive(upload, run.cancellation) as archive:
            _verify(run, upload, archive)
            manifests = _store_images(run, archive)
    except InvalidArchive:
        # A retry would fail in the same way; after any other error it continues with the archive.
        discard_upload(upload)
        raise

    _name_images(run, upload, manifests)
    discard_upload(upload)
    return manifests[0]


def _verify(run: TransferRun, upload: ArchiveUpload, archive: ArchiveStore) -> None:
    run.progress.enter("verifying")
    run.steps.begin("verify")
    # The SHA-256 of the whole file first: it shows an incomplete transport at once.
    check_checksum(upload, run.cancellation)
    archive.verify(lambda count: run.cancellation.check())
    count = len(archive.images)
    run.steps.complete(
        "verify",
        ngettext("%(count)d image, whole", "%(count)d images, all whole", count) % {"count": count},
    )


def _store_images(run: TransferRun, archive: ArchiveStore) -> list[Manifest]:
    run.steps.begin("import")
    digests = [Digest.parse(image["digest"]) for image in run.transfer.options["images"]]
    for blob, kind, platform in archive.blobs_of(digests):
        run.progress.expect(blob, kind=kind, platform=platform)
    # Without names yet: all images are stored before the first one gets a name.
    return [_store_image(run, archive, digest) for digest in digests]


def _store_image(run: TransferRun, archive: ArchiveStore, digest: Digest) -> Manifest:
    return copy_image(
        archive,
        digest,
        LocalStore(
            run.transfer.team,
            Reference(run.target.registry, run.target.repository),
            cancellation=run.cancellation,
        ),
        None,
        run.copy_session(),
        platform=PlatformChoice(None),
    ).manifest


def _name_images(run: TransferRun, upload: ArchiveUpload, manifests: Sequence[Manifest]) -> None:
    transfer = run.transfer
    check_requester(transfer)
    run.cancellation.check()

    # All names or none: an image that depends on another one is never alone.
    images: list[dict[str, Any]] = transfer.options["images"]
    with transaction.atomic():
        for manifest, image in zip(manifests, images, strict=True):
            for name in image["names"]:
                name_image(
                    team=transfer.team,
                    user=transfer.user,
                    name=Reference.parse(name),
                    digest=manifest.digest,
                    source_digest=manifest.digest,
                    origin="",
                )

    count = sum(len(image["names"]) for image in images)
    text = ngettext("%(count)d name from %(file)s", "%(count)d names from %(file)s", count)
    run.steps.complete("import", text % {"count": count, "file": upload.name})
