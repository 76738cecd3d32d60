"""Clients and stores of a mirror's source and target during a run.

The rights to use them are checked again here.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Self
from uuid import UUID

from registry_ui.credentials.models import Credential
from registry_ui.credentials.selection import select_for_index
from registry_ui.credentials.services import open_client, select_credential
from registry_ui.credentials.usage import CredentialUse
from registry_ui.images.store import LocalStore
from registry_ui.oci.client import RegistryClient
from registry_ui.oci.errors import Denied
from registry_ui.oci.reference import Reference
from registry_ui.oci.registry_store import RegistryStore
from registry_ui.oci.retries import OnPause
from registry_ui.oci.store import Cancellation, ImageStore
from registry_ui.registries.models import Registry

from ..models import MirrorRun
from .rate_limits import LimitedStore, RateLimiter


class Endpoints:
    """The source and the target of a run, with one client per login. Thread-safe.

    A mirror without a login uses the one that fits each repository best: see `check_rights`.

    Args:
        on_pause: receives the seconds and the reason when a registry delays all requests.
    """

    def __init__(self, run: MirrorRun, *, cancellation: Cancellation, on_pause: OnPause) -> None:
        self.mirror = mirror = run.mirror
        self._run = run
        self._target = run.target_registry
        self._cancellation = cancellation
        self._on_pause = on_pause
        self._stores: dict[tuple[bool, str], ImageStore] = {}
        self._candidates_by_host: dict[str, list[Credential]] = {}
        self._logins: dict[tuple[bool, str], Credential | None] = {}
        self._clients: dict[tuple[bool, UUID | None], RegistryClient] = {}

        # A missing credential fails the run now, before any request without a login.
        self._open_configured(
            mirror.source_registry,
            mirror.source_credential,
            needed=mirror.needs_source_credential,
            is_target=False,
        )

        if self._target is not None:
            self._open_configured(
                self._target,
                mirror.target_credential,
                needed=mirror.needs_target_credential,
                is_target=True,
            )

        # Both sides may be one registry, which then has one limiter.
        source, target = mirror.source_registry, self._target or mirror.source_registry
        limiters = _open_limiters(
            {source.host: source, target.host: target}, mirror.team_id, cancellation
        )
        self._source_limiter, self._target_limiter = limiters[source.host], limiters[target.host]

    def source(self, repository: str) -> ImageStore:
        return self._store(repository, is_target=False)

    def target(self, repository: str) -> ImageStore:
        return self._store(repository, is_target=True)

    def target_registry_store(self, repository: str) -> RegistryStore | None:
        """Return the store for registry-only requests; None for the local images."""
        client = self.target_client(repository)
        return client.store(repository, push=True) if client is not None else None

    def check_rights(self, source: str, target: str) -> None:
        """Select the logins for one pair of repositories.

        An admin may have restricted a credential since it was selected.

        Raises:
            CredentialUnusable: the selected credential does not cover one of the repositories.
            AmbiguousCredential: none is selected, and several fit equally well.
        """
        mirror = self.mirror
        endpoints = [(mirror.source_registry, mirror.source_credential, source, False)]
        if self._target is not None:
            endpoints.append((self._target, mirror.target_credential, target, True))

        for registry, selected, repository, push in endpoints:
            login = select_credential(
                team=mirror.team,
                reference=Reference(registry.host, repository),
                push=push,
                selected=selected,
                candidates=self._candidates(registry.host),
            )
            self._logins[push, repository] = login
            self._client(registry, login, is_target=push)

        # Opened by the leading thread: a store of the built-in registry closes the database
        # connections of all other threads.
        self.source(source)
        self.target(target)

    def source_client(self, repository: str) -> RegistryClient:
        """Return the client of a repository whose rights were checked."""
        return self._client(
            self.mirror.source_registry, self._logins.get((False, repository)), is_target=False
        )

    def target_client(self, repository: str) -> RegistryClient | None:
        """Return the client of a checked repository; None for the local images."""
        if self._target is None:
            return None
        return self._client(self._target, self._logins.get((True, repository)), is_target=True)

    def listing_client(self) -> tuple[RegistryClient, Credential | None]:
        """Return the client and the login that list the source's repositories.

        Listing only reads, so any of several equal logins will do.
        """
        # The catalog of a registry is no repository, so the check per repository does not fit.
        registry = self.mirror.source_registry
        login = self.mirror.source_credential or select_for_index(registry)
        return self._client(registry, login, is_target=False), login

    def source_slot(self) -> AbstractContextManager[None]:
        """Hold one request of the source's limit, for requests outside its stores."""
        return self._source_limiter.slot()

    def target_slot(self) -> AbstractContextManager[None]:
        return self._target_limiter.slot()

    @property
    def _is_same_registry(self) -> bool:
        return self._source_limiter is self._target_limiter and self._target is not None

    @property
    def requests(self) -> int:
        return sum(client.request_count for client in list(self._clients.values()))

    def local_name(self, repository: str) -> Reference:
        """Return the name of a mirrored repository among the local images.

        It is the name at the source, so that `docker pull` finds it there.
        """
        return Reference(self.mirror.source_registry.host, repository)

    def _open_configured(
        self, registry: Registry, selected: Credential | None, *, needed: bool, is_target: bool
    ) -> None:
        # Without this check the run would continue anonymously, or with another login.
        if needed and selected is None:
            raise Denied("mirror_credential_removed", host=registry.host)
        if selected is not None:
            self._client(registry, selected, is_target=is_target)

    def _candidates(self, host: str) -> list[Credential]:
        if host not in self._candidates_by_host:
            self._candidates_by_host[host] = list(
                Credential.objects.for_host(self.mirror.team, host)
            )
        return self._candidates_by_host[host]

    def _client(
        self, registry: Registry, login: Credential | None, *, is_target: bool
    ) -> RegistryClient:
        # Source and target keep separate clients: a push asks for another scope of token.
        key = (is_target, login.pk if login is not None else None)
        if key not in self._clients:
            operation = (
                "plan" if self._run.is_plan else "pull" if self._run.is_local_pull else "mirror"
            )
            self._clients[key] = open_client(
                team=self.mirror.team,
                reference_or_host=registry.host,
                credential=login,
                cancellation=self._cancellation,
                on_pause=self._on_pause,
                use=CredentialUse(
                    registry.host,
                    self._run.user,
                    self._run.requested_by,
                    operation=operation,
                    is_recorded=True,
                ),
            )

        return self._clients[key]

    def _store(self, repository: str, *, is_target: bool) -> ImageStore:
        store = self._stores.get((is_target, repository))
        if store is None:
            store = self._open_store(repository, is_target=is_target)
            self._stores[is_target, repository] = store
        return store

    def _open_store(self, repository: str, *, is_target: bool) -> ImageStore:
        # Only sources and registries are limited; local images need no request.
        if not is_target:
            return LimitedStore.of(
                self.source_client(repository).store(repository),
                self._source_limiter,
                is_same_registry=self._is_same_registry,
            )

        client = self.target_client(repository)
        if client is None:
            return LocalStore(
                self.mirror.team, self.local_name(repository), cancellation=self._cancellation
            )

        return LimitedStore.of(
            client.store(repository, push=True),
            self._target_limiter,
            is_same_registry=self._is_same_registry,
        )

    def close(self) -> None:
        for limiter in {self._source_limiter, self._target_limiter}:
            limiter.close()
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


def _open_limiters(
    registries: Mapping[str, Registry], team: int, cancellation: Cancellation
) -> dict[str, RateLimiter]:
    """Return a limiter per host, opened in the same order by every run.

    The second is opened only when the first has a slot. Of two runs in opposite directions, none
    holds what the other waits for.

    Raises:
        Cancelled
        ServerFailed: Redis does not answer.
    """
    limiters: dict[str, RateLimiter] = {}
    try:
        for host in sorted(registries):
            # The earlier ones must be usable before this one takes a share.
            for limiter in limiters.values():
                limiter.wait()
            limiters[host] = RateLimiter.of(registries[host], team, cancellation)
    except BaseException:
        for limiter in limiters.values():
            limiter.close()
        raise

    return limiters
