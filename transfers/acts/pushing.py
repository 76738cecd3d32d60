from django.conf import settings
from django.utils.translation import gettext as _

from registry_ui.images.blobs import damaged
from registry_ui.images.services import tag_image
from registry_ui.images.store import LocalStore
from registry_ui.oci.client import RegistryClient
from registry_ui.oci.copying import PlatformChoice, copy_image
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import ContentMismatch
from registry_ui.oci.manifest import Manifest
from registry_ui.oci.reference import Reference

from ..mounting import holders
from .run import Run, login_words


def push(run: Run) -> Manifest:
    with run.target_client() as client:
        _log_in(run, client)
        return _send(run, client, run.source)


def publish(run: Run) -> Manifest:
    with run.target_client() as client:
        _log_in(run, client)
        run.steps.begin("tag")
        image = tag_image(
            team=run.transfer.team, user=run.transfer.user, source=run.source, target=run.target
        )
        words = {"name": run.target.familiar, "id": Digest.parse(image.image_id).short}
        run.steps.complete("tag", _("%(name)s is one more name of image %(id)s") % words)
        return _send(run, client, run.target)


def _log_in(run: Run, client: RegistryClient) -> None:
    run.steps.begin("login")
    client.may(run.target.repository, "pull,push")
    run.steps.complete("login", login_words(run.transfer.target_credential, run.transfer.team))


def _send(run: Run, client: RegistryClient, local: Reference) -> Manifest:
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
            platform=PlatformChoice.parse(run.transfer.platform or "all"),
            progress=run.progress,
            cancellation=run.cancellation,
            lanes=settings.BLOB_LANES,
            mount_from=holders(run.transfer.team, run.target),
        )
    except ContentMismatch as exc:
        # What turns out to be damaged here is taken out of sight, so that a pull brings it again.
        if found := store.recheck_opened():
            raise damaged(found[0]) from exc
        raise
    run.steps.complete(
        "push",
        _("%(tag)s: digest: %(digest)s")
        % {"tag": run.target.identifier, "digest": copied.manifest.digest},
    )
    return copied.manifest
