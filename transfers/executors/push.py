from django.utils.translation import gettext as _

from registry_ui.images.blobs import damaged
from registry_ui.images.services import tag_image
from registry_ui.images.store import LocalStore
from registry_ui.oci.client import RegistryClient
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import ContentMismatch
from registry_ui.oci.image_copy import PlatformChoice, copy_image
from registry_ui.oci.manifest import Manifest
from registry_ui.oci.reference import Reference

from ..mount_sources import mount_sources
from .transfer_run import TransferRun, login_detail


def push(run: TransferRun) -> Manifest:
    with run.target_client() as client:
        _log_in(run, client)
        return _send(run, client, run.source)


def publish(run: TransferRun) -> Manifest:
    with run.target_client() as client:
        _log_in(run, client)

        # The local tag is set before the push, as `docker tag` and `docker push` do it.
        run.steps.begin("tag")
        image = tag_image(
            team=run.transfer.team, user=run.transfer.user, source=run.source, target=run.target
        )
        parameters = {"name": run.target.familiar, "id": Digest.parse(image.image_id).short}
        run.steps.complete("tag", _("%(name)s is one more name of image %(id)s") % parameters)
        return _send(run, client, run.target)


def _log_in(run: TransferRun, client: RegistryClient) -> None:
    run.steps.begin("login")
    # A push also reads: it asks for the blobs that the target already has.
    client.check_access(run.target.repository, "pull,push")
    run.steps.complete("login", login_detail(run.transfer.target_credential, run.transfer.team))


def _send(run: TransferRun, client: RegistryClient, local: Reference) -> Manifest:
    run.steps.begin("push")
    store = LocalStore(
        run.transfer.team, local, user=run.transfer.user, cancellation=run.cancellation
    )
    try:
        copied = copy_image(
            store,
            local.identifier,
            client.store(run.target.repository, push=True),
            run.target.tag,
            run.copy_session(mount_sources(run.transfer.team, run.target)),
            # A local image has the platforms that were pulled, so all of them are sent.
            platform=PlatformChoice.parse(run.transfer.platform or "all"),
        )
    except ContentMismatch as exc:
        # A damaged local blob is removed, so that the next pull fetches it again.
        if damaged_blobs := store.recheck_opened():
            raise damaged(damaged_blobs[0]) from exc
        raise

    run.steps.complete(
        "push",
        _("%(tag)s: digest: %(digest)s")
        % {"tag": run.target.identifier, "digest": copied.manifest.digest},
    )
    return copied.manifest
