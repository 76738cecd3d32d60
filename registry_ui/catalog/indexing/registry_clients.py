"""Clients that read a registry for the index, with the credential for each repository."""

from dataclasses import replace
from types import TracebackType
from typing import Self

from registry_ui.credentials.clients import open_client, reveal
from registry_ui.credentials.login_test import CHECK_LIMITS
from registry_ui.credentials.models import Credential
from registry_ui.credentials.selection import list_for_reading, select_for_reading
from registry_ui.credentials.sharing import is_from_other_team
from registry_ui.credentials.usage import CredentialUse
from registry_ui.oci.client import BasicCredential, Limits, RegistryClient
from registry_ui.oci.retries import OnPause
from registry_ui.oci.store import Cancellation
from registry_ui.registries.models import Registry

# A page waits for the answer, so a slow registry must fail within seconds.
INTERACTIVE_LIMITS = replace(
    CHECK_LIMITS, connect=4.0, read=8.0, tries=2, longest_pause=2.0, all_pauses=2.0
)


class RegistryClients:
    """The clients of one registry, one per credential.

    One thread opens them; the clients themselves may be used from any thread.

    Args:
        use: the person and the purpose, for the owner of a shared credential.
    """

    def __init__(
        self,
        registry: Registry,
        *,
        cancellation: Cancellation | None = None,
        on_pause: OnPause | None = None,
        limits: Limits | None = None,
        use: CredentialUse | None = None,
    ) -> None:
        self.registry = registry
        self._use = use or CredentialUse()
        self._options = {"cancellation": cancellation, "on_pause": on_pause, "limits": limits}
        self._credentials = list_for_reading(registry)
        self._clients: dict[Credential | None, RegistryClient] = {}

    def client(self, repository: str = "") -> RegistryClient:
        """Return the client for a repository, or for the registry's list.

        Raises:
            DecryptionFailed: the credential's secret cannot be decrypted.
        """
        credential = select_for_reading(self.registry, self._credentials, repository)
        if credential not in self._clients:
            self._clients[credential] = open_client(
                team=self.registry.team,
                reference_or_host=self.registry.host,
                credential=credential,
                use=self._use_of(credential),
                **self._options,  # type: ignore[arg-type]
            )
        return self._clients[credential]

    def _use_of(self, credential: Credential | None) -> CredentialUse:
        # A use is recorded for the owner of a shared credential, not for its own team.
        is_foreign = credential is not None and is_from_other_team(credential, self.registry.team)
        return replace(self._use, is_recorded=self._use.is_recorded and is_foreign)

    def login(self) -> BasicCredential | None:
        """Return the username and secret for the registry's list.

        Raises:
            DecryptionFailed
        """
        credential = select_for_reading(self.registry, self._credentials)
        return reveal(credential) if credential is not None else None

    @property
    def requests(self) -> int:
        """The number of requests that all clients have sent. Any thread may read it."""
        # A copy: the other thread may open a client meanwhile.
        return sum(client.request_count for client in list(self._clients.values()))

    def close(self) -> None:
        for client in self._clients.values():
            client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
