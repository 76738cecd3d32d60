from django.utils.translation import gettext as _

from registry_ui.images.models import LocalImage
from registry_ui.images.services import tag_image
from registry_ui.images.store import LocalStore
from registry_ui.oci.digest import Digest
from registry_ui.oci.manifest import Manifest

from .transfer_run import TransferRun


def tag(run: TransferRun) -> Manifest:
    transfer = run.transfer
    if not transfer.target_is_local:
        return _retag(run)
    image = tag_image(team=transfer.team, user=transfer.user, source=run.source, target=run.target)
    record_previous_image(run, image)
    return LocalStore(transfer.team, image.reference).get_manifest(Digest.parse(image.digest))


def record_previous_image(run: TransferRun, image: LocalImage) -> None:
    """Set a note if the local name pointed at another image before."""
    if image.previous_image_id:
        parameters = {
            "name": image.reference.familiar,
            "id": Digest.parse(image.previous_image_id).short,
        }
        run.progress.set_note(_("%(name)s was a name of image %(id)s before.") % parameters)


def _retag(run: TransferRun) -> Manifest:
    run.progress.enter("finishing")
    # The repository has the blobs, so one PUT is enough (distribution spec, "Pushing Manifests").
    with run.target_client() as client:
        store = client.store(run.target.repository, push=True)
        manifest = store.get_manifest(run.source.identifier)
        # The PUT takes effect at once, so this is the last chance to cancel.
        run.cancellation.check()
        store.put_manifest(manifest, run.target.tag or manifest.digest)
    return manifest
