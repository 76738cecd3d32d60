"""Version ranges: `>=1.26 <1.28`, `1.27`, `~1.2.3`, `^1.2`, `1.x`, `1.2 - 1.4`."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .keys import line_prefix, stage_prefix, version_key
from .order import RELEASED, OrderKey, stage_key
from .parser import parse_tag
from .suffix import Role
from .suffix import mark as _
from .tag import Tag

LONGEST_RANGE = 200
# Above every byte that can follow in a key.
_ABOVE = b"\xff"
_WILDCARD = re.compile(r"(?:\.[xX*])+$")
_HYPHEN = re.compile(r"(?P<first>[^\s,]+)\s+-\s+(?P<last>[^\s,]+)")
_PART = re.compile(r"(?P<sign>[<>]=?|={1,2}|~|\^)?\s*(?P<version>[^\s,<>=~^]+)\s*,?\s*")


class InvalidRange(ValueError):
    """A text that is no version range.

    Args:
        sentence: an untranslated message with advice; %(part)s stands for `part`.
    """

    def __init__(self, sentence: str, part: str = "") -> None:
        super().__init__(sentence % {"part": part})
        self.sentence = sentence
        self.part = part


@dataclass(frozen=True, slots=True)
class VersionRange:
    """The versions from `low` to below `high`, as `version_key` returns them; None for no end.

    A partial tag such as `1.27` counts as the newest of its line, so it is in `>=1.27.1 <1.28`
    and in `~1.27.1`. Release candidates of both ends are outside.
    """

    text: str
    low: bytes
    high: bytes | None

    @classmethod
    def parse(cls, text: str) -> "VersionRange":
        """Parse a range.

        Raises:
            InvalidRange
        """
        text = text.strip()
        _refuse_unsupported(text)

        # All parts must hold: the highest lower end and the lowest upper end.
        spans = list(_spans(text))
        low = max(low for low, _high in spans)
        high = min((high for _low, high in spans if high is not None), default=None)
        if high is not None and low >= high:
            raise InvalidRange(
                _(
                    "No version lies in this range: its lower end is above its upper end. Write "
                    "the smaller version first."
                )
            )
        return cls(text, low, high)

    def bounds(self) -> Sequence[tuple[str, bytes]]:
        """Return the lookups for a column of version keys; NULL (no version) matches none."""
        lowest = [("gte", self.low)]
        return lowest if self.high is None else [*lowest, ("lt", self.high)]

    def matches(self, tag: Tag) -> bool:
        key = version_key(tag)
        return key is not None and key >= self.low and (self.high is None or key < self.high)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class _Bound:
    """A version in a range. `whole_line`: it has a wildcard or fewer than three numbers."""

    numbers: tuple[int, ...]
    stage: OrderKey
    whole_line: bool

    @property
    def first(self) -> bytes:
        """The lowest key: of the release, or of the candidate that it names."""
        return self._in_full

    @property
    def before(self) -> bytes:
        """The key below the version and its candidates, or below the candidate that it names."""
        return self._in_full if self.stage else line_prefix(self.numbers)

    @property
    def after(self) -> bytes:
        """A key above the highest one that it includes."""
        return (line_prefix(self.numbers) if self.whole_line else self._in_full) + _ABOVE

    def after_line(self, length: int) -> bytes:
        return line_prefix(self.numbers[:length]) + _ABOVE

    @property
    def _in_full(self) -> bytes:
        # 1.27 as a bound means 1.27.0.
        missing = (0,) * (3 - len(self.numbers))
        return stage_prefix(self.numbers + missing, self.stage or (RELEASED,))


_Span = tuple[bytes, bytes | None]


def _refuse_unsupported(text: str) -> None:
    if not text:
        raise InvalidRange(
            _("The range is empty: write a version such as 1.27, or bounds such as >=1.26 <1.28.")
        )

    if len(text) > LONGEST_RANGE:
        raise InvalidRange(_("The range is too long: write two bounds, such as >=1.26 <1.28."))

    # A union would need several conditions on the column of version keys.
    if "|" in text:
        raise InvalidRange(
            _(
                "A range is in one piece, without “or”: write one from its lowest to its highest "
                "version, such as >=1.26 <1.28."
            )
        )

    if "!" in text:
        raise InvalidRange(
            _("A range cannot leave a version out: write two bounds, such as >=1.26 <1.28.")
        )


def _spans(text: str) -> Iterator[_Span]:
    hyphen = _HYPHEN.fullmatch(text)
    if hyphen is not None:
        yield _bound(hyphen["first"]).first, _bound(hyphen["last"]).after
        return

    position = 0
    while position < len(text):
        part = _PART.match(text, position)
        if part is None:
            raise InvalidRange(
                _("“%(part)s” is no bound: write a sign and a version, such as >=1.26 or <1.28."),
                text[position:][:40],
            )
        yield _span(part["sign"] or "=", part["version"])
        position = part.end()


def _span(sign: str, version: str) -> _Span:
    # A wildcard alone allows every version.
    if version in ("*", "x", "X") and sign in ("=", "=="):
        return b"", None

    bound = _bound(version)
    match sign:
        case ">=":
            return bound.first, None
        case ">":
            return bound.after, None
        case "<":
            return b"", bound.before
        case "<=":
            return b"", bound.after
        case "~":
            return bound.first, bound.after_line(2)
        case "^":
            return bound.first, bound.after_line(_kept_by_caret(bound.numbers))

    return bound.first, bound.after


def _kept_by_caret(numbers: tuple[int, ...]) -> int:
    """Return how many leading numbers a compatible version keeps: to the first non-zero one."""
    # As in npm: before 1.0, a change of the minor version may break (semver.org, item 4).
    return next((count for count, number in enumerate(numbers, 1) if number), len(numbers))


def _bound(text: str) -> _Bound:
    core = _WILDCARD.sub("", text)
    tag = parse_tag(core)
    roles = [piece.role for piece in tag.pieces]
    if tag.version is None or roles not in ([Role.VERSION], [Role.VERSION, Role.PRERELEASE]):
        raise InvalidRange(
            _("“%(part)s” is no version: write its numbers alone, such as 1.27 or 1.27.3-rc1."),
            text[:40],
        )

    numbers = tag.version.numbers
    stage = tag.prerelease
    if stage is None:
        return _Bound(numbers, (), len(numbers) < 3 or core != text)
    if core != text:
        raise InvalidRange(
            _(
                "“%(part)s” is a pre-release and a wildcard at once: write one of them, such as "
                "1.27.x or 1.27.0-rc1."
            ),
            text[:40],
        )

    # Without a number, `rc` stands for all candidates.
    return _Bound(numbers, stage_key(tag) if stage.release else stage_key(tag)[:1], False)
