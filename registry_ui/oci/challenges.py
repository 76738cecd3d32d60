"""WWW-Authenticate headers taken apart (RFC 9110, "Authentication"; distribution spec, token authentication)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_LIMIT = 8192
_WORD = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"
_PARAMETER = re.compile(rf'\s*({_WORD})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]*))\s*')
_SCHEME = re.compile(rf"[\s,]*({_WORD})(?=[\s,]|$)")
_TOKEN68 = re.compile(r"\s*[A-Za-z0-9._~+/-]+=*\s*(?=,|$)")
_ESCAPED = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class Challenge:
    """One way to log in that a server offers. Scheme and parameter names are lower case."""

    scheme: str
    parameters: Mapping[str, str]


def parse_challenges(header: str) -> list[Challenge]:
    """All challenges of a header, or of several joined by commas; what cannot be read is left out."""
    text = header[:_LIMIT]
    challenges = []
    position = 0
    while match := _SCHEME.match(text, position):
        parameters, position = _parse_parameters(text, match.end())
        challenges.append(Challenge(match[1].lower(), parameters))
    return challenges


def _parse_parameters(text: str, position: int) -> tuple[dict[str, str], int]:
    parameters: dict[str, str] = {}
    if token := _TOKEN68.match(text, position):
        return parameters, token.end()
    while match := _PARAMETER.match(text, position):
        quoted, plain = match[2], match[3]
        parameters.setdefault(
            match[1].lower(), plain if quoted is None else _ESCAPED.sub(r"\1", quoted)
        )
        position = match.end()
        if text[position : position + 1] != ",":
            break
        position += 1
    return parameters, position
