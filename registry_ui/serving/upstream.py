"""Registries behind proxied names, read with the team's credential."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.utils.translation import gettext as _

from registry_ui.accounts.models import Team
from registry_ui.catalog.indexing.registry_clients import RegistryClients
from registry_ui.credentials.services import find_registry
from registry_ui.credentials.usage import CredentialUse
from registry_ui.oci.client import Limits, RegistryStore
from registry_ui.oci.errors import OciError, Unauthorized, Unsupported
from registry_ui.oci.reference import Reference, normalise_host
from registry_ui.registries.builtin_registry import PROXY, builtin_registry_prefix
from registry_ui.registries.models import Registry
from registry_ui.web.errors import describe

from .errors import ApiError, name_unknown
from .repositories import ServedRepository


@dataclass(frozen=True, slots=True)
class Upstream:
    """The registry and repository that a proxied name stands for."""

    registry: Registry
    repository: str

    def name_of(self, identifier: str) -> str:
        """Return the reference of one of its tags or digests at its registry."""
        return (
            f"{self.registry.host}/{self.repository}{'@' if ':' in identifier else ':'}{identifier}"
        )

    @contextmanager
    def open_store(self, reference: str, limits: Limits | None = None) -> Iterator[RegistryStore]:
        """Open the repository with the team's credential.

        Args:
            reference: the reference that is read, for the usage log of a shared credential.

        Raises:
            ApiError: 403, where the registry refuses the team's credential. A 401 would make the
                client ask for another login to the built-in registry.
        """
        # The owner of a shared credential sees each use in its log.
        use = CredentialUse(
            reference, operation="pull", by=_("Built-in registry"), is_recorded=True
        )
        with RegistryClients(self.registry, limits=limits, use=use) as readers:
            try:
                yield readers.client(self.repository).store(self.repository)
            except Unauthorized as exc:
                raise ApiError(403, "DENIED", str(describe(exc))) from exc


def is_proxied(name: str) -> bool:
    return name.split("/")[1:2] == [PROXY]


def refuse_push(name: str) -> None:
    """Refuse to change a proxied repository.

    Raises:
        Unsupported
    """
    # distribution spec, "Registry Proxying": a proxy may be limited to pulls.
    if is_proxied(name):
        raise Unsupported("upstream_push_unsupported")


def upstream_of(repository: ServedRepository) -> Upstream:
    """Return the upstream of a proxied repository.

    Raises:
        ApiError: the team has no such registry.
    """
    # TEAM/proxy/HOST_PORT/REPOSITORY
    _slug, _proxy, host, *rest = [*repository.name.split("/"), ""]
    try:
        reference = Reference.parse(
            f"{normalise_host(host.replace('_', ':'))}/{'/'.join(rest).rstrip('/')}"
        )
    except OciError as exc:
        raise name_unknown() from exc

    # Only registries that the team has added are reached, so a name cannot make the server connect
    # to any host.
    registry = find_registry(repository.team, reference.registry)
    if registry is None or registry.is_builtin:
        raise name_unknown()

    return Upstream(registry, reference.repository)


def proxied_prefix(team: Team, host: str) -> str:
    """Return the prefix of a registry's images on the built-in registry."""
    return f"{builtin_registry_prefix(team)}{PROXY}/{host.replace(':', '_')}/"
