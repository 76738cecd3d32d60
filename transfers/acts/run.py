"""What every act works with."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from registry_ui.accounts.models import Team
from registry_ui.oci.client import BasicCredential, RegistryClient
from registry_ui.oci.errors import Denied
from registry_ui.oci.manifest import Descriptor, Manifest
from registry_ui.oci.progress import Progress
from registry_ui.oci.reference import Reference
from registry_ui.oci.store import Cancellation
from registry_ui.registries.models import Credential
from registry_ui.registries.services import credential_for, engine_login, open_client
from registry_ui.registries.using import Use

from ..models import Kind, Transfer
from ..steps import Steps


@dataclass(frozen=True, slots=True)
class Run:
    """One claimed transfer while it runs."""

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
        """The row's columns as they should be now."""
        done, total = self.progress.totals()
        return {
            "progress": {**self.progress.snapshot(), "steps": self.steps.as_list()},
            "bytes_done": done,
            "bytes_total": total,
        }

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
        """For an engine that pulls."""
        return self._login(
            self.source,
            self.transfer.source_credential,
            needed=self.transfer.needs_source_credential,
            push=False,
        )

    def target_login(self) -> BasicCredential | None:
        """For an engine that pushes."""
        return self._login(
            self.target,
            self.transfer.target_credential,
            needed=self.transfer.needs_target_credential,
            push=True,
        )

    def _login(
        self, reference: Reference, credential: Credential | None, *, needed: bool, push: bool
    ) -> BasicCredential | None:
        self._check_login(reference, credential, needed=needed, push=push)
        if credential is None:
            return None
        use = self._use(reference, push=push)
        return engine_login(
            team=self.transfer.team, reference=reference, credential=credential, use=use
        )

    def _check_login(
        self, reference: Reference, credential: Credential | None, *, needed: bool, push: bool
    ) -> None:
        if needed and credential is None:
            raise Denied(
                _("The credential chosen for %(host)s was removed meanwhile.")
                % {"host": reference.registry},
                advice=_("Start the transfer again with another credential."),
            )
        if credential is not None:
            # An admin may have restricted it since it was chosen, or the team that shares it may have taken it back.
            credential_for(
                team=self.transfer.team, reference=reference, push=push, chosen=credential
            )

    def _client(
        self, reference: Reference, credential: Credential | None, *, needed: bool, push: bool
    ) -> RegistryClient:
        """A client for the reference's registry, with the chosen credential or none: never with another one."""
        self._check_login(reference, credential, needed=needed, push=push)
        return open_client(
            team=self.transfer.team,
            reference_or_host=reference,
            credential=credential,
            plain_http=self.transfer.plain_http,
            cancellation=self.cancellation,
            on_pause=self.progress.pause,
            use=self._use(reference, push=push),
        )

    def _use(self, reference: Reference, *, push: bool) -> Use:
        """As the credential's owner may know it: this end alone, and not where the image comes from or goes."""
        transfer = self.transfer
        act = transfer.kind if transfer.kind != Kind.COPY else Kind.PUSH if push else Kind.PULL
        return Use(
            str(reference),
            person=transfer.user,
            by=transfer.requested_by,
            act=str(act),
            is_recorded=True,
        )


Act = Callable[[Run], Manifest | Descriptor | None]
"""Does it, and returns what the name stands for, or stood for before it was deleted; None where it was gone already."""


def login_words(credential: Credential | None, team: Team) -> str:
    if credential is None:
        return _("No login needed")
    words = {"name": credential.username, "owner": credential.team}
    if credential.team_id != team.pk:
        return _("Login succeeded as %(name)s, with the credential of the team %(owner)s") % words
    return _("Login succeeded as %(name)s") % words
