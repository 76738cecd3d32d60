"""Which registry and repository a proxied name stands for, and the reading of it with the team's credential."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.utils.translation import gettext as _

from registry_ui.accounts.models import Team
from registry_ui.oci.client import Limits, RegistryStore
from registry_ui.oci.errors import OciError, Unauthorized, Unsupported
from registry_ui.oci.reference import Reference, normalise_host
from registry_ui.registries.indexing.reading import Readers
from registry_ui.registries.models import Registry
from registry_ui.registries.services import registry_for
from registry_ui.registries.this_server import PROXY, own_prefix
from registry_ui.registries.using import Use

from .errors import Refusal, name_unknown
from .repositories import ServedRepository


@dataclass(frozen=True, slots=True)
class Upstream:
    registry: Registry
    repository: str

    def named(self, identifier: str) -> str:
        """What one of its tags or digests is called at its registry."""
        return (
            f"{self.registry.host}/{self.repository}{'@' if ':' in identifier else ':'}{identifier}"
        )

    @contextmanager
    def opened(self, what: str, limits: Limits | None = None) -> Iterator[RegistryStore]:
        """
        Args:
            what: the reference that is read, for the owner of a credential that is only lent to the team.

        Raises:
            Refusal: the registry refuses the team's login; that is not the client's fault, who must not be asked for another.
        """
        use = Use(what, act="pull", by=_("This server"), is_recorded=True)
        with Readers(self.registry, limits=limits, use=use) as readers:
            try:
                yield readers.client(self.repository).store(self.repository)
            except Unauthorized as exc:
                raise Refusal(403, "DENIED", f"{exc.message} {exc.advice}".strip()) from exc


def is_proxied(name: str) -> bool:
    return name.split("/")[1:2] == [PROXY]


def refuse_writing(name: str) -> None:
    """
    Raises:
        Unsupported
    """
    if is_proxied(name):
        raise Unsupported(
            _("Images of other registries are only pulled through this server."),
            advice=_("Push to the registry itself."),
        )


def upstream_of(repository: ServedRepository) -> Upstream:
    """
    Raises:
        Refusal: the team has no such registry.
    """
    _slug, _proxy, host, *rest = [*repository.name.split("/"), ""]
    try:
        reference = Reference.parse(
            f"{normalise_host(host.replace('_', ':'))}/{'/'.join(rest).rstrip('/')}"
        )
    except OciError as exc:
        raise name_unknown() from exc
    registry = registry_for(repository.team, reference.registry)
    if registry is None or registry.is_this_server:
        raise name_unknown()
    return Upstream(registry, reference.repository)


def proxied_prefix(team: Team, host: str) -> str:
    """What the names of another registry's images begin with on this server."""
    return f"{own_prefix(team)}{PROXY}/{host.replace(':', '_')}/"
