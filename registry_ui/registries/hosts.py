"""Hosts as people paste them: URLs, references, with a login inside."""

from typing import NamedTuple

from registry_ui.oci.reference import DOCKER_HUB, normalise_host

# Docker Hub's web pages: no registry is there, but this is what the browser's address bar shows.
_DOCKER_HUB_PAGES = frozenset({"hub.docker.com", "www.docker.com", "docker.com", "app.docker.com"})


class Host(NamedTuple):
    """`is_mended`: more was written than the host. `is_plain`: it was written with http://."""

    name: str
    is_mended: bool = False
    is_plain: bool = False


def read_host(text: str) -> Host:
    """The host in a host, a URL or a reference.

    Raises:
        InvalidReference: there is none in it.
    """
    text = text.strip()
    scheme, separator, rest = text.partition("://")
    place = (
        (rest if separator else text)
        .partition("/")[0]
        .partition("?")[0]
        .partition("#")[0]
        .rpartition("@")[2]
    )
    host = normalise_host(place)
    if host in _DOCKER_HUB_PAGES:
        host = DOCKER_HUB
    return Host(
        host, is_mended=place != text, is_plain=bool(separator) and scheme.lower() == "http"
    )
