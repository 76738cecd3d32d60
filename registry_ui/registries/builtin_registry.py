"""The built-in registry as one of a team's registries: its host, its names and its client.

The app `serving` adds how the built-in registry is opened; this app does not import it.
"""

from collections.abc import Callable
from typing import cast
from urllib.parse import urlsplit

from django.conf import settings

from registry_ui.accounts.models import Team
from registry_ui.oci.client import RegistryClient
from registry_ui.oci.errors import InvalidReference
from registry_ui.oci.reference import Reference
from registry_ui.oci.store import Cancellation
from registry_ui.web.extension import Extension

PROXY = "proxy"
"""The second path component of names that are fetched from other registries on demand."""

_DEFAULT_PORTS = {"http": 80, "https": 443}

BuiltinRegistryOpener = Callable[[Team, Cancellation | None], object]
# One item: the app that serves the built-in registry.
BUILTIN_OPENERS: Extension[BuiltinRegistryOpener] = Extension()


def builtin_registry_host() -> str:
    """Return the host, with its port if necessary, of image names in the built-in registry."""
    address = urlsplit(settings.URL)
    # A user name in the URL is not part of the host.
    host = address.netloc.rpartition("@")[2].lower()
    if "." in host or ":" in host or host == "localhost":
        return host
    # The reference grammar takes a first component without dot or port for a Docker Hub namespace.
    return f"{host}:{_DEFAULT_PORTS.get(address.scheme, 443)}"


def is_builtin_registry(host: str) -> bool:
    return host == builtin_registry_host()


def builtin_registry_prefix(team: Team) -> str:
    """Return the prefix of the names of the team's images in the built-in registry."""
    return f"{builtin_registry_host()}/{team.slug}/"


def check_builtin_name(team: Team, name: Reference) -> None:
    """Refuse a name in the built-in registry that the team may not use.

    Raises:
        InvalidReference
    """
    if not is_builtin_registry(name.registry):
        return

    prefix = builtin_registry_prefix(team)
    slug, slash, rest = name.repository.partition("/")
    # Names in the built-in registry begin with the team's slug, which decides about access.
    if slug != team.slug or not slash:
        raise InvalidReference(
            "builtin_name_foreign",
            team=team.name,
            prefix=prefix,
            name=f"{prefix}{name.repository.rpartition('/')[2]}:{name.tag or 'latest'}",
        )

    # An image pushed to such a name would hide the one of the other registry.
    if rest.partition("/")[0] == PROXY:
        raise InvalidReference("builtin_name_reserved", prefix=f"{prefix}{PROXY}/")


def open_builtin_registry(team: Team, cancellation: Cancellation | None = None) -> RegistryClient:
    """Return a client of the built-in registry for one team; it reads the store directly."""
    for opener in BUILTIN_OPENERS:
        return cast(RegistryClient, opener(team, cancellation))
    raise RuntimeError("No app has added how the built-in registry is opened.")
