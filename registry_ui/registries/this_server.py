"""This installation as one of a team's registries: its host, the row that stands for it, and the client that needs no network.

What serves the images lies further up and registers here how it is opened.
"""

from collections.abc import Callable
from typing import cast
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from registry_ui.accounts.models import Team
from registry_ui.oci.client import RegistryClient
from registry_ui.oci.errors import InvalidReference
from registry_ui.oci.reference import Reference
from registry_ui.oci.store import Cancellation

PROXY = "proxy"
"""The second part of names that are fetched from elsewhere when somebody asks for them."""

_DEFAULT_PORTS = {"http": 80, "https": 443}

OpenThisServer = Callable[[Team, Cancellation | None], object]
_opener: OpenThisServer | None = None


def this_host() -> str:
    """The host, and where needed the port, with which the names of images on this server begin."""
    address = urlsplit(settings.URL)
    host = address.netloc.rpartition("@")[2].lower()
    if "." in host or ":" in host or host == "localhost":
        return host
    # A bare word in front of a slash would be taken for a namespace of Docker Hub.
    return f"{host}:{_DEFAULT_PORTS.get(address.scheme, 443)}"


def is_here(host: str) -> bool:
    return host == this_host()


def own_prefix(team: Team) -> str:
    """What the names of a team's images on this server begin with."""
    return f"{this_host()}/{team.slug}/"


def check_own_name(team: Team, name: Reference) -> None:
    """
    Raises:
        InvalidReference: a name on this server that the team may not give.
    """
    if not is_here(name.registry):
        return
    slug, slash, rest = name.repository.partition("/")
    if slug != team.slug or not slash:
        raise InvalidReference(
            _(
                "On this server, the images of the team %(team)s have names that begin with %(prefix)s."
            )
            % {"team": team.name, "prefix": own_prefix(team)},
            advice=_("Write %(name)s, say.")
            % {
                "name": f"{own_prefix(team)}{name.repository.rpartition('/')[2]}:{name.tag or 'latest'}"
            },
        )
    if rest.partition("/")[0] == PROXY:
        raise InvalidReference(
            _("Names that begin with %(prefix)s stand for images of other registries.")
            % {"prefix": f"{own_prefix(team)}{PROXY}/"},
            advice=_("Choose another name."),
        )


def register_opener(opener: OpenThisServer) -> None:
    global _opener
    _opener = opener


def open_this_server(team: Team, cancellation: Cancellation | None = None) -> RegistryClient:
    """A client of this server for one team: what a `RegistryClient` does, straight from the store."""
    if _opener is None:
        raise RuntimeError("Nothing has registered how this server is opened.")
    return cast(RegistryClient, _opener(team, cancellation))
