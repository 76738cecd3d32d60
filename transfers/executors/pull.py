from dataclasses import replace

from registry_ui.images.services import name_image
from registry_ui.images.store import LocalStore
from registry_ui.jobs.rights import check_requester
from registry_ui.oci.image_copy import PlatformChoice, copy_image
from registry_ui.oci.manifest import Manifest

from .tag import record_previous_image
from .transfer_run import TransferRun


def pull(run: TransferRun) -> Manifest:
    transfer, source, target = run.transfer, run.source, run.target
    # Without a tag, so that the store does not name the image.
    store = LocalStore(
        transfer.team, replace(target, tag=None, digest=None), cancellation=run.cancellation
    )
    with run.source_client() as client:
        copied = copy_image(
            client.store(source.repository),
            source.identifier,
            store,
            None,
            run.copy_session(),
            platform=PlatformChoice.parse(transfer.platform),
        )

    check_requester(transfer)
    # The store does not name the image: only the copy knows the index that a platform came from.
    image = name_image(
        team=transfer.team,
        user=transfer.user,
        name=target if target.tag else target.with_digest(copied.manifest.digest),
        digest=copied.manifest.digest,
        source_digest=copied.source_digest,
        origin=str(source),
    )
    record_previous_image(run, image)
    return copied.manifest
