"""Addresses that strangers wrote: a link only where nobody is led astray by it."""

import re
from urllib.parse import urlsplit

_LONGEST = 2000
_PRINTABLE = re.compile(r"[!-~]+")


def safe_url(text: str) -> str:
    """The address, where it is a plain web address that can be linked to; else nothing.

    Letters beyond ASCII and a login before the host are refused: both serve to look like another site.
    """
    if len(text) > _LONGEST or _PRINTABLE.fullmatch(text) is None or "\\" in text:
        return ""
    try:
        parts = urlsplit(text)
        has_place = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return ""
    return (
        text if parts.scheme in ("http", "https") and has_place and "@" not in parts.netloc else ""
    )
