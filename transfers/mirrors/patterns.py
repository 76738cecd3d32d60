"""Globs and regular expressions of people, matched within a fixed time."""

import fnmatch
import time
from collections.abc import Callable

import regex

from registry_ui.oci.errors import OciError

MAX_PATTERN_LENGTH = 300
# `regex` measures the time of the process, which is less than that of the clock.
_MATCH_SECONDS = 0.3
_WILDCARDS = "*?["


class InvalidPattern(OciError, ValueError):
    """An invalid regular expression, or one that takes too long."""


def is_glob(text: str) -> bool:
    return any(character in text for character in _WILDCARDS)


def matches_glob(name: str, pattern: str) -> bool:
    """Return whether a name matches a glob, case-sensitively.

    `*` also matches slashes, as in a credential's pattern.
    """
    return fnmatch.fnmatchcase(name, pattern)


def compile_expression(text: str) -> Callable[[str], bool]:
    """Return a function that matches a whole name, in less than a second for all calls.

    Python's `re` cannot be interrupted, and `(a+)+$` runs practically for ever; `regex` has a
    timeout.

    Raises:
        InvalidPattern: at once if it is invalid; on a call if it takes too long.
    """
    if len(text) > MAX_PATTERN_LENGTH:
        raise InvalidPattern("expression_too_long", limit=MAX_PATTERN_LENGTH)

    try:
        compiled = regex.compile(text)
    except (regex.error, RecursionError, OverflowError, MemoryError) as exc:
        # Deep nesting and huge repetitions exhaust the compiler in other ways.
        raise InvalidPattern("expression_invalid", text=text[:60], problem=str(exc)[:100]) from exc

    # All calls share one time budget, since thousands of tags are matched.
    remaining = _MATCH_SECONDS

    def matches(name: str) -> bool:
        nonlocal remaining
        started = time.monotonic()
        try:
            # A timeout must be positive.
            is_match = compiled.fullmatch(name, timeout=max(remaining, 0.001)) is not None
        except TimeoutError as exc:
            raise _too_slow(text) from exc
        remaining -= time.monotonic() - started
        if remaining <= 0:
            raise _too_slow(text)
        return is_match

    return matches


def _too_slow(text: str) -> InvalidPattern:
    return InvalidPattern("expression_too_slow", text=text[:60])
