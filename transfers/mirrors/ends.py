"""Both ends of a mirror while a run is at work: clients, stores, and the rights to use them, looked up again."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Self
from uuid import UUID

from django.utils.translation import gettext as _

from registry_ui.images.store import LocalStore
from registry_ui.oci.client import RegistryClient
from registry_ui.oci.errors import Denied
from registry_ui.oci.reference import Reference
from registry_ui.oci.registry_store import RegistryStore
from registry_ui.oci.store import Cancellation, ImageStore
from registry_ui.registries.choosing import index_credential
from registry_ui.registries.models import Credential, Registry
from registry_ui.registries.services import credential_for, open_client
from registry_ui.registries.using import Use

from ..models import MirrorRun
from .caps import CappedStore, Gate


class Ends:
    """One client a login, with its connections and tokens, for every tag of the run. Safe to use from several threads.

    Where the rule names no login, each repository is served by the one that fits it best: `check_rights` finds it.

    Args:
        on_pause: told the seconds and the reason whenever a registry makes everything wait.
    """

    def __init__(
        self, run: MirrorRun, *, cancellation: Cancellation, on_pause: Callable[[float, str], None]
    ) -> None:
        self.mirror = mirror = run.mirror
        self._run = run
        self._target = run.target_registry
        self._cancellation = cancellation
        self._on_pause = on_pause
        self._stores: dict[tuple[bool, str], ImageStore] = {}
        self._known: dict[str, list[Credential]] = {}
        self._logins: dict[tuple[bool, str], Credential | None] = {}
        self._clients: dict[tuple[bool, UUID | None], RegistryClient] = {}
        self._open_chosen(
            mirror.source_registry,
            mirror.source_credential,
            needed=mirror.needs_source_credential,
            is_target=False,
        )
        if self._target is not None:
            self._open_chosen(
                self._target,
                mirror.target_credential,
                needed=mirror.needs_target_credential,
                is_target=True,
            )
        source, target = mirror.source_registry, self._target or mirror.source_registry
        gates = _open_gates(
            {source.host: source, target.host: target}, mirror.team_id, cancellation
        )
        self._source_gate, self._target_gate = gates[source.host], gates[target.host]

    def source(self, repository: str) -> ImageStore:
        return self._store(repository, is_target=False)

    def target(self, repository: str) -> ImageStore:
        return self._store(repository, is_target=True)

    def plain_target(self, repository: str) -> RegistryStore | None:
        """For what only registries do; None for the local store."""
        client = self.target_client(repository)
        return client.store(repository, push=True) if client is not None else None

    def check_rights(self, source: str, target: str) -> None:
        """Find how one pair of repositories is logged in to. An admin may have restricted a credential since it was chosen.

        Raises:
            CredentialUnfit: the chosen credential cannot serve one of the two repositories any more.
            AmbiguousCredential: none was chosen, and several fit equally well.
        """
        mirror = self.mirror
        ends = [(mirror.source_registry, mirror.source_credential, source, False)]
        if self._target is not None:
            ends.append((self._target, mirror.target_credential, target, True))
        for registry, chosen, repository, push in ends:
            login = credential_for(
                team=mirror.team,
                reference=Reference(registry.host, repository),
                push=push,
                chosen=chosen,
                candidates=self._candidates(registry.host),
            )
            self._logins[push, repository] = login
            self._client(registry, login, is_target=push)
        # Made by the thread that leads the run: a store of this server gives back the database connections of all others.
        self.source(source)
        self.target(target)

    def source_client(self, repository: str) -> RegistryClient:
        """Of a repository whose rights were checked."""
        return self._client(
            self.mirror.source_registry, self._logins.get((False, repository)), is_target=False
        )

    def target_client(self, repository: str) -> RegistryClient | None:
        """None for the local store."""
        if self._target is None:
            return None
        return self._client(self._target, self._logins.get((True, repository)), is_target=True)

    def for_listing(self) -> tuple[RegistryClient, Credential | None]:
        """How the source is asked which repositories it has: only read, where a guess between equals does no harm."""
        registry = self.mirror.source_registry
        login = self.mirror.source_credential or index_credential(registry)
        return self._client(registry, login, is_target=False), login

    def source_slot(self) -> AbstractContextManager[None]:
        """One request of the source's cap, for what is asked past its stores."""
        return self._source_gate.slot()

    def target_slot(self) -> AbstractContextManager[None]:
        return self._target_gate.slot()

    @property
    def _is_shared(self) -> bool:
        return self._source_gate is self._target_gate and self._target is not None

    @property
    def requests(self) -> int:
        return sum(client.request_count for client in list(self._clients.values()))

    def local_name(self, repository: str) -> Reference:
        """What a mirrored repository is called in the local store: as at its source, so that it is found under its own name."""
        return Reference(self.mirror.source_registry.host, repository)

    def _open_chosen(
        self, registry: Registry, chosen: Credential | None, *, needed: bool, is_target: bool
    ) -> None:
        if needed and chosen is None:
            raise Denied(
                _("The credential chosen for %(host)s was removed meanwhile.")
                % {"host": registry.host},
                advice=_("Choose another one in the mirror's settings."),
            )
        if chosen is not None:
            self._client(registry, chosen, is_target=is_target)

    def _candidates(self, host: str) -> list[Credential]:
        if host not in self._known:
            self._known[host] = list(Credential.objects.for_host(self.mirror.team, host))
        return self._known[host]

    def _client(
        self, registry: Registry, login: Credential | None, *, is_target: bool
    ) -> RegistryClient:
        key = (is_target, login.pk if login is not None else None)
        if key not in self._clients:
            act = "plan" if self._run.is_plan else "pull" if self._run.is_staging else "mirror"
            self._clients[key] = open_client(
                team=self.mirror.team,
                reference_or_host=registry.host,
                credential=login,
                cancellation=self._cancellation,
                on_pause=self._on_pause,
                use=Use(
                    registry.host, self._run.user, self._run.requested_by, act=act, is_recorded=True
                ),
            )
        return self._clients[key]

    def _store(self, repository: str, *, is_target: bool) -> ImageStore:
        found = self._stores.get((is_target, repository))
        if found is None:
            found = self._made(repository, is_target=is_target)
            self._stores[is_target, repository] = found
        return found

    def _made(self, repository: str, *, is_target: bool) -> ImageStore:
        if not is_target:
            return CappedStore.of(
                self.source_client(repository).store(repository),
                self._source_gate,
                is_shared=self._is_shared,
            )
        client = self.target_client(repository)
        if client is None:
            return LocalStore(
                self.mirror.team, self.local_name(repository), cancellation=self._cancellation
            )
        return CappedStore.of(
            client.store(repository, push=True), self._target_gate, is_shared=self._is_shared
        )

    def close(self) -> None:
        for gate in {self._source_gate, self._target_gate}:
            gate.close()
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


def _open_gates(
    registries: Mapping[str, Registry], team: int, cancellation: Cancellation
) -> dict[str, Gate]:
    """Always in the same order, the second only when there is something of the first to use: of two runs in opposite directions
    none then holds what the other one waits for.

    Raises:
        Cancelled
        ServerFailed: Redis does not answer.
    """
    gates: dict[str, Gate] = {}
    try:
        for host in sorted(registries):
            for gate in gates.values():
                gate.wait()
            gates[host] = Gate.of(registries[host], team, cancellation)
    except BaseException:
        for gate in gates.values():
            gate.close()
        raise
    return gates
