from dataclasses import replace

from django.conf import settings

from registry_ui.images.services import name_image
from registry_ui.images.store import LocalStore
from registry_ui.jobs.rights import check_person
from registry_ui.oci.copying import PlatformChoice, copy_image
from registry_ui.oci.manifest import Manifest

from .run import Run
from .tagging import note_moved_name


def pull(run: Run) -> Manifest:
    transfer, source, target = run.transfer, run.source, run.target
    store = LocalStore(
        transfer.team, replace(target, tag=None, digest=None), cancellation=run.cancellation
    )
    with run.source_client() as client:
        copied = copy_image(
            client.store(source.repository),
            source.identifier,
            store,
            None,
            platform=PlatformChoice.parse(transfer.platform),
            progress=run.progress,
            cancellation=run.cancellation,
            lanes=settings.BLOB_LANES,
        )
    check_person(transfer)
    # Named here and not by the store: only the copy knows which index the one platform was taken from.
    image = name_image(
        team=transfer.team,
        user=transfer.user,
        name=target if target.tag else target.with_digest(copied.manifest.digest),
        digest=copied.manifest.digest,
        source_digest=copied.source_digest,
        origin=str(source),
    )
    note_moved_name(run, image)
    return copied.manifest
