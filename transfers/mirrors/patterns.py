"""Patterns that people write: globs, and regular expressions within a time that no pattern can exceed."""

import fnmatch
import time
from collections.abc import Callable

import regex
from django.utils.translation import gettext as _

from registry_ui.oci.errors import OciError

LONGEST_PATTERN = 300
_SECONDS = 0.3  # of this process, which on a busy machine are more of the clock
_WILDCARDS = "*?["


class InvalidPattern(OciError, ValueError):
    """No pattern, or one that takes too long."""


def is_glob(text: str) -> bool:
    return any(character in text for character in _WILDCARDS)


def matches_glob(name: str, pattern: str) -> bool:
    """Case counts; “*” crosses slashes, as it does in a credential's pattern."""
    return fnmatch.fnmatchcase(name, pattern)


def expression(text: str) -> Callable[[str], bool]:
    """Whether the whole of a name matches a regular expression. All of its answers together have less than a second.

    Python's own engine cannot be stopped, and `(a+)+$` takes it for ever: `regex` can.

    Raises:
        InvalidPattern: now, where it is none; when it is called, where it takes too long.
    """
    if len(text) > LONGEST_PATTERN:
        raise InvalidPattern(
            _("The expression has more than %(most)d characters.") % {"most": LONGEST_PATTERN},
            advice=_("Shorten it."),
        )
    try:
        compiled = regex.compile(text)
    except (regex.error, RecursionError, OverflowError, MemoryError) as exc:
        raise InvalidPattern(
            _("“%(text)s” is no regular expression: %(problem)s.")
            % {"text": text[:60], "problem": str(exc)[:100]},
            advice=_("Mend it, or use names with * and ? instead."),
        ) from exc
    left = _SECONDS

    def matches(name: str) -> bool:
        nonlocal left
        started = time.monotonic()
        try:
            found = compiled.fullmatch(name, timeout=max(left, 0.001)) is not None
        except TimeoutError as exc:
            raise _too_slow(text) from exc
        left -= time.monotonic() - started
        if left <= 0:
            raise _too_slow(text)
        return found

    return matches


def _too_slow(text: str) -> InvalidPattern:
    return InvalidPattern(
        _("The expression “%(text)s” takes too long for these tags.") % {"text": text[:60]},
        advice=_(
            "Repetitions within repetitions, such as (a+)+, make it slow: write it without them, or use names with * and ?."
        ),
    )
