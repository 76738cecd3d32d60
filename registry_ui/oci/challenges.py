"""WWW-Authenticate headers, parsed (RFC 9110, "WWW-Authenticate"; RFC 6750, "Bearer")."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

# Of a header that anyone may send: the patterns below must not run over megabytes.
_LIMIT = 8192
_WORD = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"

# RFC 9110, "auth-param": a token, or a quoted string with escapes.
_PARAMETER = re.compile(rf'\s*({_WORD})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]*))\s*')
_SCHEME = re.compile(rf"[\s,]*({_WORD})(?=[\s,]|$)")

# Base64 and its URL-safe form, padded.
_TOKEN68 = re.compile(r"\s*[A-Za-z0-9._~+/-]+=*\s*(?=,|$)")
_ESCAPED = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class Challenge:
    """One kind of login that a server offers. Scheme and parameter names are lower case."""

    scheme: str
    parameters: Mapping[str, str]


def parse_challenges(header: str) -> list[Challenge]:
    """Return all challenges of a header, or of several joined by commas.

    Malformed parts are left out, and text beyond 8 KiB is ignored. Quoted, escaped and multiple
    challenges occur in practice (`Negotiate` beside `Basic`; PROTOCOL.md, "Authentication").
    """
    text = header[:_LIMIT]
    challenges = []
    position = 0
    while match := _SCHEME.match(text, position):
        parameters, position = _parse_parameters(text, match.end())
        challenges.append(Challenge(match[1].lower(), parameters))
    return challenges


def _parse_parameters(text: str, position: int) -> tuple[dict[str, str], int]:
    parameters: dict[str, str] = {}
    # Schemes such as Negotiate carry one token in place of parameters (RFC 9110, "token68").
    if token := _TOKEN68.match(text, position):
        return parameters, token.end()

    while match := _PARAMETER.match(text, position):
        quoted, plain = match[2], match[3]
        # The first value counts where a parameter is repeated.
        parameters.setdefault(
            match[1].lower(), plain if quoted is None else _ESCAPED.sub(r"\1", quoted)
        )
        position = match.end()
        if text[position : position + 1] != ",":
            break
        position += 1
    return parameters, position
