"""The log formatter: one line per record, without control characters and secrets."""

import logging
import re

# Control characters, and marks that change the direction of text (Trojan Source).
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_HIDDEN = r"\1***"
# The product logs no secrets, but a library might.
_SECRETS = (
    re.compile(
        r"(\bauthorization['\"]?\s*[:=]\s*['\"]?(?:basic|bearer|digest)?\s*)[^\s'\",;]+",
        re.IGNORECASE,
    ),
    re.compile(r"(\b(?:basic|bearer)\s+)[A-Za-z0-9+/_=.~-]{8,}", re.IGNORECASE),
    re.compile(
        r"(\b(?:password|passwd|secret|access_token|refresh_token|identitytoken|token|auth|api_?key|credential)['\"]?\s*[:=]\s*['\"]?)"
        r"[^\s'\"&,;)}\]]+",
        re.IGNORECASE,
    ),
    # One-time links: Django logs the path of a refused request.
    re.compile(r"(/(?:setup|join)/)[^\s/'\"]+"),
    re.compile(r"(\brui_)[A-Za-z0-9]{40}\b"),
    re.compile(r"(\b[a-z][a-z0-9+.-]{0,20}://[^\s/:@]{0,255}:)[^\s/@]+(?=@)", re.IGNORECASE),
)


def escape_control_characters(text: str) -> str:
    return _CONTROL.sub(lambda match: _escaped(match[0]), text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def redact(text: str) -> str:
    for pattern in _SECRETS:
        text = pattern.sub(_HIDDEN, text)
    return text


class OneLineFormatter(logging.Formatter):
    """A formatter that escapes the whole record, the traceback included."""

    def format(self, record: logging.LogRecord) -> str:
        # Redacted first: escaping could hide a secret from the expressions.
        return escape_control_characters(redact(super().format(record)))
