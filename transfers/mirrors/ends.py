"""Both ends of a mirror while a run is at work: clients, stores, and the rights to use them, looked up again."""

from collections.abc import Callable
from types import TracebackType
from typing import Self

from django.utils.translation import gettext as _

from registry_ui.images.store import LocalStore
from registry_ui.oci.client import RegistryClient
from registry_ui.oci.errors import Denied
from registry_ui.oci.reference import Reference
from registry_ui.oci.registry_store import RegistryStore
from registry_ui.oci.store import Cancellation, ImageStore
from registry_ui.registries.models import Credential, Registry
from registry_ui.registries.services import credential_for, open_client
from registry_ui.registries.using import Use

from ..models import MirrorRun
from .caps import CappedStore, Gate


class Ends:
    """One client a side, with its connections and tokens, for every tag of the run. Safe to use from several threads.

    Args:
        on_pause: told the seconds and the reason whenever a registry makes everything wait.
    """

    def __init__(self, run: MirrorRun, *, cancellation: Cancellation, on_pause: Callable[[float, str], None]) -> None:
        self.mirror = mirror = run.mirror
        self._run = run
        self._cancellation = cancellation
        self._on_pause = on_pause
        self._stores: dict[tuple[bool, str], ImageStore] = {}
        self.source_client = self._open(mirror.source_registry, mirror.source_credential, needed=mirror.needs_source_credential)
        self.target_client = None
        if mirror.target_registry is not None:
            self.target_client = self._open(mirror.target_registry, mirror.target_credential, needed=mirror.needs_target_credential)
        self._source_gate = Gate.of(mirror.source_registry, mirror.team_id, cancellation)
        self._target_gate = self._source_gate
        if mirror.target_registry is not None and mirror.target_registry != mirror.source_registry:
            self._target_gate = Gate.of(mirror.target_registry, mirror.team_id, cancellation)

    def source(self, repository: str) -> ImageStore:
        return self._store(repository, is_target=False)

    def target(self, repository: str) -> ImageStore:
        return self._store(repository, is_target=True)

    def plain_target(self, repository: str) -> RegistryStore | None:
        """For what only registries do; None for the local store."""
        return self.target_client.store(repository, push=True) if self.target_client is not None else None

    def check_rights(self, source: str, target: str) -> None:
        """An admin may have restricted a credential since it was chosen.

        Raises:
            CredentialUnfit: a credential cannot serve one of the two repositories any more.
        """
        mirror = self.mirror
        ends = [(mirror.source_registry, mirror.source_credential, source, False)]
        if mirror.target_registry is not None:
            ends.append((mirror.target_registry, mirror.target_credential, target, True))
        for registry, credential, repository, push in ends:
            if credential is not None:
                credential_for(team=mirror.team, reference=Reference(registry.host, repository), push=push, chosen=credential)

    @property
    def _is_shared(self) -> bool:
        return self._source_gate is self._target_gate and self.target_client is not None

    @property
    def requests(self) -> int:
        return self.source_client.request_count + (self.target_client.request_count if self.target_client else 0)

    def local_name(self, repository: str) -> Reference:
        """What a mirrored repository is called in the local store: as at its source, so that it is found under its own name."""
        return Reference(self.mirror.source_registry.host, repository)

    def _open(self, registry: Registry, credential: Credential | None, *, needed: bool) -> RegistryClient:
        if needed and credential is None:
            raise Denied(
                _("The credential chosen for %(host)s was removed meanwhile.") % {"host": registry.host},
                advice=_("Choose another one in the mirror's settings."),
            )
        return open_client(
            team=self.mirror.team,
            reference_or_host=registry.host,
            credential=credential,
            cancellation=self._cancellation,
            on_pause=self._on_pause,
            use=Use(registry.host, self._run.user, self._run.requested_by, act="plan" if self._run.is_plan else "mirror", is_recorded=True),
        )

    def _store(self, repository: str, *, is_target: bool) -> ImageStore:
        found = self._stores.get((is_target, repository))
        if found is None:
            found = self._made(repository, is_target=is_target)
            self._stores[is_target, repository] = found
        return found

    def _made(self, repository: str, *, is_target: bool) -> ImageStore:
        if not is_target:
            return CappedStore.of(self.source_client.store(repository), self._source_gate, is_shared=self._is_shared)
        if self.target_client is None:
            return LocalStore(self.mirror.team, self.local_name(repository), cancellation=self._cancellation)
        return CappedStore.of(self.target_client.store(repository, push=True), self._target_gate, is_shared=self._is_shared)

    def close(self) -> None:
        for gate in {self._source_gate, self._target_gate}:
            gate.close()
        self.source_client.close()
        if self.target_client is not None:
            self.target_client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
