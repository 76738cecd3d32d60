"""The executor of a copy between registries; nothing is stored locally."""

from django.utils.translation import gettext as _

from registry_ui.oci.client import RegistryClient
from registry_ui.oci.image_copy import CopiedImage, PlatformChoice, copy_image
from registry_ui.oci.manifest import Manifest

from ..mount_sources import mount_sources
from .transfer_run import TransferRun, login_detail


def copy(run: TransferRun) -> Manifest:
    with run.source_client() as source_client, run.target_client() as target_client:
        _log_in(run, source_client, target_client)

        # The blobs stream from one registry to the other and never reach the disk.
        run.steps.begin("copy")
        copied = copy_image(
            source_client.store(run.source.repository),
            run.source.identifier,
            target_client.store(run.target.repository, push=True),
            run.target.tag,
            run.copy_session(mount_sources(run.transfer.team, run.target, source=run.source)),
            platform=PlatformChoice.parse(run.transfer.platform),
        )
    run.steps.complete(
        "copy",
        _("%(tag)s: digest: %(digest)s")
        % {"tag": run.target.identifier, "digest": copied.manifest.digest},
    )
    _set_digest_note(run, copied)
    return copied.manifest


def _log_in(run: TransferRun, source_client: RegistryClient, target_client: RegistryClient) -> None:
    """Check both logins before the first byte."""
    run.steps.begin("source")
    # Docker Hub does not count a HEAD request against its pull limit.
    source_client.store(run.source.repository).head_manifest(run.source.identifier)
    run.steps.complete("source", login_detail(run.transfer.source_credential, run.transfer.team))

    # A push also reads: it asks for the blobs that the target already has.
    run.steps.begin("target")
    target_client.check_access(run.target.repository, "pull,push")
    run.steps.complete("target", login_detail(run.transfer.target_credential, run.transfer.team))


def _set_digest_note(run: TransferRun, copied: CopiedImage) -> None:
    # An image index whose other platforms are left out is replaced by the platform's manifest.
    if copied.manifest.digest == copied.source_digest:
        return
    parameters = {
        "platform": run.transfer.platform,
        "source": copied.source_digest.short,
        "target": copied.manifest.digest.short,
    }
    run.progress.set_note(
        _(
            "Only %(platform)s was copied, so the digest is another one: %(source)s at the "
            "source, %(target)s at the target."
        )
        % parameters
    )
