"""Registry hosts in pasted text: URLs and references, with or without a login."""

from typing import NamedTuple

from registry_ui.oci.reference import DOCKER_HUB, normalise_host

# Docker Hub's web pages, which people copy from the address bar. No registry answers there.
_DOCKER_HUB_PAGES = frozenset({"hub.docker.com", "www.docker.com", "docker.com", "app.docker.com"})


class Host(NamedTuple):
    """A host read from text.

    Args:
        is_corrected: the text had more than the host.
        is_plain: the text began with http://.
    """

    name: str
    is_corrected: bool = False
    is_plain: bool = False


def read_host(text: str) -> Host:
    """Return the host of a host, a URL or a reference.

    Raises:
        InvalidReference: the text has none.
    """
    text = text.strip()
    scheme, separator, rest = text.partition("://")

    # The authority of a URL ends at the first slash, question mark or number sign (RFC 3986, 3.2).
    authority = (rest if separator else text).partition("/")[0].partition("?")[0].partition("#")[0]
    host_and_port = authority.rpartition("@")[2]
    host = normalise_host(host_and_port)
    if host in _DOCKER_HUB_PAGES:
        host = DOCKER_HUB
    is_plain = bool(separator) and scheme.lower() == "http"
    return Host(host, is_corrected=host_and_port != text, is_plain=is_plain)
