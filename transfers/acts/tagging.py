from django.utils.translation import gettext as _

from registry_ui.images.models import LocalImage
from registry_ui.images.services import tag_image
from registry_ui.images.store import LocalStore
from registry_ui.oci.digest import Digest
from registry_ui.oci.manifest import Manifest

from .run import Run


def tag(run: Run) -> Manifest:
    transfer = run.transfer
    if not transfer.target_is_local:
        return _retag(run)
    image = tag_image(team=transfer.team, user=transfer.user, source=run.source, target=run.target)
    note_moved_name(run, image)
    return LocalStore(transfer.team, image.reference).get_manifest(Digest.parse(image.digest))


def note_moved_name(run: Run, image: LocalImage) -> None:
    if image.previous_image_id:
        words = {
            "name": image.reference.familiar,
            "id": Digest.parse(image.previous_image_id).short,
        }
        run.progress.note(_("%(name)s was a name of image %(id)s before.") % words)


def _retag(run: Run) -> Manifest:
    """One manifest PUT on the registry; no blob moves."""
    run.progress.enter("finishing")
    with run.target_client() as client:
        store = client.store(run.target.repository, push=True)
        manifest = store.get_manifest(run.source.identifier)
        run.cancellation.check()
        store.put_manifest(manifest, run.target.tag or manifest.digest)
    return manifest
