"""Checks of addresses in untrusted text, such as image labels, before they become links."""

import re
from urllib.parse import urlsplit

_MAX_LENGTH = 2000
_PRINTABLE = re.compile(r"[!-~]+")


def safe_url(text: str) -> str:
    """Return the address if it is a plain web address; empty otherwise.

    Letters beyond ASCII and a login before the host are refused: with both, an address can look
    like another site's.
    """
    if len(text) > _MAX_LENGTH or _PRINTABLE.fullmatch(text) is None or "\\" in text:
        return ""
    try:
        parts = urlsplit(text)
        # `port` raises ValueError for a number above 65535.
        has_host = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return ""
    return (
        text if parts.scheme in ("http", "https") and has_host and "@" not in parts.netloc else ""
    )
