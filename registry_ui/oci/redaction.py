"""Texts for messages and logs: without secrets and signed URLs, on one line."""

import base64
import re

_URL = re.compile(
    r"(?P<scheme>\b[a-z][a-z0-9+.-]{0,15}://)(?:[^\s/@\"'<>]*@)?"
    r"(?P<location>[^\s?#\"'<>]*)[^\s\"'<>]*",
    re.IGNORECASE,
)

# Values of the Authorization header, as they appear in logs and error texts.
_BEARER = re.compile(r"\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE)

# Every JSON web token begins with the base64 of `{"`.
_JWT = re.compile(r"\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9._-]+")
_UNFIT = r"\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff"
_CONTROL = re.compile(rf"[{_UNFIT}]+")
_BLANK = re.compile(rf"[\s{_UNFIT}]+")
_HIDDEN = "•••"

# Removing shorter ones would blot out ordinary text.
_SHORTEST_SECRET = 4
# The text read, in multiples of the limit: the patterns take long on long texts made to slow them.
_SCAN_FACTOR = 10


def redact_url(url: str) -> str:
    """Return the URL without login, query and fragment: a signed URL's query is a secret."""
    match = _URL.match(url)
    return (
        f"{match['scheme']}{match['location']}"
        if match
        else url.partition("?")[0].partition("#")[0]
    )


def one_line(text: str) -> str:
    """Return the text without control characters, direction marks and lone surrogates."""
    return _CONTROL.sub(" ", text)


def redact(text: str, secrets: tuple[str, ...] = (), *, limit: int = 300) -> str:
    """Return another party's text on one line, without the given and the evident secrets.

    Args:
        secrets: removed plain and in base64, from four characters on.
        limit: the most characters.
    """
    # The longest first: a secret may be a part of another one.
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= _SHORTEST_SECRET:
            # Basic authentication carries the secret in base64.
            encoded = base64.b64encode(secret.encode()).decode().rstrip("=")
            text = text.replace(secret, _HIDDEN).replace(encoded, _HIDDEN)

    text = text[: limit * _SCAN_FACTOR]
    text = _URL.sub(lambda match: redact_url(match[0]), text)
    text = _BEARER.sub(rf"\1 {_HIDDEN}", text)
    text = _JWT.sub(_HIDDEN, text)
    text = _BLANK.sub(" ", text).strip()
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
