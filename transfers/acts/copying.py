"""Registry to registry: what is read at one end is written at the other, and nothing stays here."""

from django.conf import settings
from django.utils.translation import gettext as _

from registry_ui.oci.client import RegistryClient
from registry_ui.oci.copying import CopiedImage, PlatformChoice, copy_image
from registry_ui.oci.manifest import Manifest

from ..mounting import holders
from .run import Run, login_words


def copy(run: Run) -> Manifest:
    with run.source_client() as origin, run.target_client() as destination:
        _log_in(run, origin, destination)
        run.steps.begin("copy")
        copied = copy_image(
            origin.store(run.source.repository),
            run.source.identifier,
            destination.store(run.target.repository, push=True),
            run.target.tag,
            platform=PlatformChoice.parse(run.transfer.platform),
            progress=run.progress,
            cancellation=run.cancellation,
            lanes=settings.BLOB_LANES,
            mount_from=holders(run.transfer.team, run.target, source=run.source),
        )
    run.steps.complete(
        "copy",
        _("%(tag)s: digest: %(digest)s")
        % {"tag": run.target.identifier, "digest": copied.manifest.digest},
    )
    _note_digest(run, copied)
    return copied.manifest


def _log_in(run: Run, origin: RegistryClient, destination: RegistryClient) -> None:
    """Both logins before the first byte. A HEAD proves the source's, and costs no pull where pulls are counted."""
    run.steps.begin("source")
    origin.store(run.source.repository).head_manifest(run.source.identifier)
    run.steps.complete("source", login_words(run.transfer.source_credential, run.transfer.team))
    run.steps.begin("target")
    destination.may(run.target.repository, "pull,push")
    run.steps.complete("target", login_words(run.transfer.target_credential, run.transfer.team))


def _note_digest(run: Run, copied: CopiedImage) -> None:
    if copied.manifest.digest != copied.source_digest:
        words = {
            "platform": run.transfer.platform,
            "source": copied.source_digest.short,
            "target": copied.manifest.digest.short,
        }
        run.progress.note(
            _(
                "Only %(platform)s was copied, so the digest is another one: %(source)s at the source, %(target)s at the target."
            )
            % words
        )
