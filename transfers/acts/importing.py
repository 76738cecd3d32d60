"""Images from an archive into the local store: all of it is checked before any of it is kept."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import ngettext

from registry_ui.images.archives.incoming import gone
from registry_ui.images.archives.uploads import check_checksum, discard, opened, touch
from registry_ui.images.models import ArchiveUpload
from registry_ui.images.services import name_image
from registry_ui.images.store import LocalStore
from registry_ui.jobs.rights import check_person
from registry_ui.oci.archive.reading import ArchiveStore
from registry_ui.oci.copying import PlatformChoice, copy_image
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import InvalidArchive
from registry_ui.oci.manifest import Manifest
from registry_ui.oci.reference import Reference

from .run import Run


def import_archive(run: Run) -> Manifest:
    upload = ArchiveUpload.objects.filter(
        team=run.transfer.team, pk=run.transfer.options["upload"]
    ).first()
    if upload is None:
        raise gone()
    touch(upload)
    try:
        with opened(upload, run.cancellation) as archive:
            _verify(run, upload, archive)
            manifests = _bring(run, archive)
    except InvalidArchive:
        discard(upload)
        raise
    _name(run, upload, manifests)
    discard(upload)
    return manifests[0]


def _verify(run: Run, upload: ArchiveUpload, archive: ArchiveStore) -> None:
    run.progress.enter("verifying")
    run.steps.begin("verify")
    check_checksum(upload, run.cancellation)
    archive.verify(lambda count: run.cancellation.check())
    count = len(archive.images)
    run.steps.complete(
        "verify",
        ngettext("%(count)d image, whole", "%(count)d images, all whole", count) % {"count": count},
    )


def _bring(run: Run, archive: ArchiveStore) -> list[Manifest]:
    run.steps.begin("import")
    digests = [Digest.parse(chosen["digest"]) for chosen in run.transfer.options["images"]]
    for blob, kind, platform in archive.blobs_of(digests):
        run.progress.expect(blob, kind=kind, platform=platform)
    # By no name yet: all images are here before the first of them gets one.
    return [_copy(run, archive, digest) for digest in digests]


def _copy(run: Run, archive: ArchiveStore, digest: Digest) -> Manifest:
    return copy_image(
        archive,
        digest,
        LocalStore(
            run.transfer.team,
            Reference(run.target.registry, run.target.repository),
            cancellation=run.cancellation,
        ),
        None,
        platform=PlatformChoice(None),
        progress=run.progress,
        cancellation=run.cancellation,
        lanes=settings.BLOB_LANES,
    ).manifest


def _name(run: Run, upload: ArchiveUpload, manifests: Sequence[Manifest]) -> None:
    transfer = run.transfer
    check_person(transfer)
    run.cancellation.check()
    chosen: list[dict[str, Any]] = transfer.options["images"]
    with transaction.atomic():
        for manifest, image in zip(manifests, chosen, strict=True):
            for name in image["names"]:
                name_image(
                    team=transfer.team,
                    user=transfer.user,
                    name=Reference.parse(name),
                    digest=manifest.digest,
                    source_digest=manifest.digest,
                    origin="",
                )
    count = sum(len(image["names"]) for image in chosen)
    words = ngettext("%(count)d name from %(file)s", "%(count)d names from %(file)s", count) % {
        "count": count,
        "file": upload.name,
    }
    run.steps.complete("import", words)
