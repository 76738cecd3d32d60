"""Texts made fit for people and logs: no secrets, no signed addresses, one line."""

import base64
import re

_URL = re.compile(
    r"(?P<scheme>\b[a-z][a-z0-9+.-]{0,15}://)(?:[^\s/@\"'<>]*@)?(?P<place>[^\s?#\"'<>]*)[^\s\"'<>]*",
    re.IGNORECASE,
)
_BEARER = re.compile(r"\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE)
_JWT = re.compile(r"\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9._-]+")
_UNFIT = r"\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff"
_CONTROL = re.compile(rf"[{_UNFIT}]+")
_BLANK = re.compile(rf"[\s{_UNFIT}]+")
_HIDDEN = "•••"
_SHORTEST_SECRET = 4
# So much of somebody's text is looked at; the patterns below take long over long texts that were made for it.
_LOOKED_AT = 10


def redact_url(url: str) -> str:
    """The URL without login, query and fragment: a signed URL's query is a secret."""
    match = _URL.match(url)
    return (
        f"{match['scheme']}{match['place']}" if match else url.partition("?")[0].partition("#")[0]
    )


def one_line(text: str) -> str:
    """The text without control characters, marks that turn its direction, and halves of characters."""
    return _CONTROL.sub(" ", text)


def redact(text: str, secrets: tuple[str, ...] = (), *, limit: int = 300) -> str:
    """One line of at most `limit` characters of somebody else's text, without the given and the evident secrets."""
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= _SHORTEST_SECRET:
            encoded = base64.b64encode(secret.encode()).decode().rstrip("=")
            text = text.replace(secret, _HIDDEN).replace(encoded, _HIDDEN)
    text = text[: limit * _LOOKED_AT]
    text = _URL.sub(lambda match: redact_url(match[0]), text)
    text = _BEARER.sub(rf"\1 {_HIDDEN}", text)
    text = _JWT.sub(_HIDDEN, text)
    text = _BLANK.sub(" ", text).strip()
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
