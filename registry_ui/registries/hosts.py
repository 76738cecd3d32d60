"""Registry hosts in pasted text: URLs and references, with or without a login."""

from typing import NamedTuple

from registry_ui.oci.reference import normalise_host
from registry_ui.providers.catalogue import registry_host_of


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
    host = registry_host_of(normalise_host(host_and_port))
    is_plain = bool(separator) and scheme.lower() == "http"
    return Host(host, is_corrected=host_and_port != text, is_plain=is_plain)
