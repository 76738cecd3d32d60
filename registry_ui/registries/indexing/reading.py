"""Clients that read a registry for the index, each with the credential that serves the repository."""

from dataclasses import replace
from types import TracebackType
from typing import Self

from registry_ui.oci.client import BasicCredential, Limits, RegistryClient
from registry_ui.oci.pacing import OnPause
from registry_ui.oci.store import Cancellation

from ..checking import QUICK
from ..choosing import best_for_reading, reading_credentials
from ..clients import open_client, reveal
from ..lending import is_lent
from ..models import Credential, Registry
from ..using import Use

# A page waits for the answer.
AT_ONCE = replace(QUICK, connect=4.0, read=8.0, tries=2, longest_pause=2.0, all_pauses=2.0)


class Readers:
    """The clients of one registry, one a credential. Not for several threads; the clients are.

    Args:
        use: for whom and what is read.
    """

    def __init__(
        self,
        registry: Registry,
        *,
        cancellation: Cancellation | None = None,
        on_pause: OnPause | None = None,
        limits: Limits | None = None,
        use: Use | None = None,
    ) -> None:
        self.registry = registry
        self._use = use or Use()
        self._options = {"cancellation": cancellation, "on_pause": on_pause, "limits": limits}
        self._credentials = reading_credentials(registry)
        self._clients: dict[Credential | None, RegistryClient] = {}

    def client(self, repository: str = "") -> RegistryClient:
        """The client for a repository, or for the registry's list.

        Raises:
            DecryptionFailed: its secret cannot be read.
        """
        credential = best_for_reading(self.registry, self._credentials, repository)
        if credential not in self._clients:
            self._clients[credential] = open_client(
                team=self.registry.team,
                reference_or_host=self.registry.host,
                credential=credential,
                use=self._use_of(credential),
                **self._options,  # type: ignore[arg-type]
            )
        return self._clients[credential]

    def _use_of(self, credential: Credential | None) -> Use:
        """What a team reads with its own is no news to it; what another team reads with it is."""
        is_foreign = credential is not None and is_lent(credential, self.registry.team)
        return replace(self._use, is_recorded=self._use.is_recorded and is_foreign)

    def login(self) -> BasicCredential | None:
        """The username and secret for the registry's list.

        Raises:
            DecryptionFailed
        """
        credential = best_for_reading(self.registry, self._credentials)
        return reveal(credential) if credential is not None else None

    @property
    def requests(self) -> int:
        """How many were sent, by all of them. Any thread may ask."""
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
