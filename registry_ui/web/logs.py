"""One record, one line: text from outside can neither end a line nor colour a terminal nor show a secret."""

import logging
import re

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_HIDDEN = r"\1***"
# The last line of defence: nothing here logs secrets, but a library might.
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
    # One-time links: Django logs the path of what it refuses.
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
    """Formats everything, the traceback included, and then escapes the whole."""

    def format(self, record: logging.LogRecord) -> str:
        return escape_control_characters(redact(super().format(record)))
