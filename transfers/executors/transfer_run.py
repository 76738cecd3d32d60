"""A running transfer, as its executor gets it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from registry_ui.accounts.models import Team
from registry_ui.credentials.models import Credential
from registry_ui.credentials.services import open_client, open_engine_login, select_credential
from registry_ui.credentials.usage import CredentialUse
from registry_ui.oci.client import BasicCredential, RegistryClient
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import Denied
from registry_ui.oci.image_copy import CopySession
from registry_ui.oci.manifest import Descriptor, Manifest
from registry_ui.oci.progress import Progress
from registry_ui.oci.reference import Reference
from registry_ui.oci.store import Cancellation

from ..models import Kind, Transfer
from ..steps import Steps


@dataclass(frozen=True, slots=True)
class TransferRun:
    """A claimed transfer with its progress, its clients and its logins."""

    transfer: Transfer
    progress: Progress
    steps: Steps
    cancellation: Cancellation

    @property
    def source(self) -> Reference:
        return Reference.parse(self.transfer.source)

    @property
    def target(self) -> Reference:
        return Reference.parse(self.transfer.target)

    def values(self) -> dict[str, Any]:
        """Return the row's columns for the current progress."""
        # The worker's thread writes these at most once a second; see `Reporter`.
        done, total = self.progress.totals()
        return {
            "progress": {**self.progress.snapshot(), "steps": self.steps.as_list()},
            "bytes_done": done,
            "bytes_total": total,
        }

    def copy_session(
        self, mount_from: Callable[[Digest], Sequence[str]] = lambda digest: ()
    ) -> CopySession:
        """Return the session of one of the transfer's copies.

        Args:
            mount_from: the target's repositories known to have a blob, the likeliest first.
        """
        return CopySession(
            cancellation=self.cancellation,
            progress=self.progress,
            blob_workers=settings.BLOB_WORKERS,
            mount_from=mount_from,
        )

    def source_client(self) -> RegistryClient:
        return self._client(
            self.source,
            self.transfer.source_credential,
            needed=self.transfer.needs_source_credential,
            push=False,
        )

    def target_client(self) -> RegistryClient:
        return self._client(
            self.target,
            self.transfer.target_credential,
            needed=self.transfer.needs_target_credential,
            push=True,
        )

    def source_login(self) -> BasicCredential | None:
        """Return the login for an engine that pulls."""
        return self._login(
            self.source,
            self.transfer.source_credential,
            needed=self.transfer.needs_source_credential,
            push=False,
        )

    def target_login(self) -> BasicCredential | None:
        """Return the login for an engine that pushes."""
        return self._login(
            self.target,
            self.transfer.target_credential,
            needed=self.transfer.needs_target_credential,
            push=True,
        )

    def _login(
        self, reference: Reference, credential: Credential | None, *, needed: bool, push: bool
    ) -> BasicCredential | None:
        self._check_credential(reference, credential, needed=needed, push=push)
        if credential is None:
            return None

        # An engine gets the login itself and not a client: it opens its own connection.
        use = self._use(reference, push=push)
        return open_engine_login(
            team=self.transfer.team, reference=reference, credential=credential, use=use
        )

    def _check_credential(
        self, reference: Reference, credential: Credential | None, *, needed: bool, push: bool
    ) -> None:
        # Without this an anonymous login would be tried, and its error would mislead.
        if needed and credential is None:
            raise Denied("credential_removed_meanwhile", host=reference.registry)
        if credential is not None:
            # It may have been restricted, or not be shared any more, since it was selected.
            select_credential(
                team=self.transfer.team, reference=reference, push=push, selected=credential
            )

    def _client(
        self, reference: Reference, credential: Credential | None, *, needed: bool, push: bool
    ) -> RegistryClient:
        """Open a client with the selected credential or none, and never with another one."""
        self._check_credential(reference, credential, needed=needed, push=push)
        return open_client(
            team=self.transfer.team,
            reference_or_host=reference,
            credential=credential,
            plain_http=self.transfer.plain_http,
            cancellation=self.cancellation,
            on_pause=self.progress.pause,
            use=self._use(reference, push=push),
        )

    def _use(self, reference: Reference, *, push: bool) -> CredentialUse:
        """Return the entry for the audit log of the credential's owner."""
        transfer = self.transfer
        # The owner of a shared credential learns of this endpoint only, so a copy is half of one.
        kind = transfer.kind
        if kind == Kind.COPY:
            kind = Kind.PUSH if push else Kind.PULL
        return CredentialUse(
            str(reference),
            person=transfer.user,
            by=transfer.requested_by,
            operation=str(kind),
            is_recorded=True,
        )


# It returns the manifest of the target, or of the deleted one; None if there was nothing to delete.
Executor = Callable[[TransferRun], Manifest | Descriptor | None]


def login_detail(credential: Credential | None, team: Team) -> str:
    if credential is None:
        return _("No login needed")

    parameters = {"name": credential.username, "owner": credential.team}
    # The account of a shared credential is not the team's own, so its owner is named.
    if credential.team_id != team.pk:
        text = _("Login succeeded as %(name)s, with the credential of the team %(owner)s")
        return text % parameters
    return _("Login succeeded as %(name)s") % parameters
