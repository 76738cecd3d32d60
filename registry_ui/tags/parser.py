"""The parser of tags: it reads left to right and tries its recognisers in order. Never raises."""

import datetime
import functools
import re
from collections.abc import Callable

from .suffix import Role, Suffix
from .suffixes import (
    BUILD_NUMBER,
    CALENDAR_VERSION,
    COMMIT,
    DATE,
    DIGEST_LIKE,
    FULL_VERSION,
    MAJOR_VERSION,
    MINOR_VERSION,
    SUFFIXES,
)
from .suffixes.linux import OLD_RELEASES
from .tag import Piece, Tag, Version

# Distribution spec, "Pulling manifests": the grammar of a tag.
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_END = r"(?=[-_.]|$)"
_SEPARATORS = re.compile(r"[-_.]+")
_WORD = re.compile(r"[^-_]+")
_DIGEST = re.compile(
    r"sha(?:256[-_][0-9a-f]{64}|512[-_][0-9a-f]{128})(?:\.(?:sig|att|sbom|cosign))?|[0-9a-f]{64}"
)
_DATE = re.compile(
    r"(?P<year>20\d\d)(?P<dash>[-.]?)(?P<month>0[1-9]|1[0-2])(?P=dash)(?P<day>0[1-9]|[12]\d|3[01])"
    r"(?:[T.-]?\d\d[-:]?\d\d(?:[-:]?\d\d)?Z?)?" + _END
)
_COMMIT = re.compile(
    r"(?:(?:sha|git|commit|rev)[-_.]?|g)(?P<named>[0-9a-f]{7,64})"
    + _END
    + r"|(?P<bare>(?=[0-9]*[a-f])(?=[a-f]*[0-9])[0-9a-f]{7,40})"
    + _END
)
_VERSION = re.compile(
    r"v?(?P<numbers>\d{1,18}(?:\.\d{1,18}){0,7})(?:\.x)?(?:(?P<stage>rc|alpha|beta|preview|pre|dev|ea|a|b|c|m)(?P<count>\d{1,4}(?:\.\d{1,4})*)?)?"
    + _END,
    re.IGNORECASE,
)
_JAVA_8 = re.compile(r"(?P<major>\d{1,2})u(?P<update>\d{1,4})" + _END)
_BUILD = re.compile(
    r"(?:r|p|b|ls|rev|build[-.]?)\d{1,12}" + _END + r"|\d{1,18}(?:\.\d{1,18}){0,7}" + _END
)
# Without a version or date before it, only a long number is a build.
_BUILD_ALONE = re.compile(r"build[-.]?\d{1,12}" + _END + r"|\d{4,18}" + _END)
_STAGES = {"a": "alpha", "b": "beta", "c": "rc", "m": "preview", "pre": "preview"}
_CALENDAR = re.compile(r"(?:19|20)\d\d(?:\.\d{1,2})?|[1-9]\d\.0[1-9]")


def _alternation(suffixes: tuple[Suffix, ...]) -> re.Pattern[str]:
    """Return one expression for all words, so that one match finds the word of a token."""
    choices = [
        f"(?P<_{index}>(?:{_without_names(suffix.expression)}){_END})"
        for index, suffix in enumerate(suffixes)
    ]
    return re.compile("|".join(choices), re.IGNORECASE)


def _without_names(expression: str) -> str:
    # Python refuses two groups of one name in an expression.
    return re.sub(r"\(\?P<\w+>", "(?:", expression)


_WORDS = _alternation(SUFFIXES)
_RELEASES = {
    suffix.name: re.compile(suffix.expression, re.IGNORECASE)
    for suffix in SUFFIXES
    if "(?P<" in suffix.expression
}


class _Scan:
    """The state of the parser: the position in the text and the results so far."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.pieces: list[Piece] = []
        self.version: Version | None = None
        self.date: datetime.date | None = None

    def add_piece(self, role: Role, end: int, name: str = "", release: str = "") -> None:
        self.pieces.append(Piece(role, self.text[self.position : end], name, release))
        self.position = end

    @property
    def after_version(self) -> bool:
        return bool(self.pieces) and self.pieces[-1].role in (
            Role.VERSION,
            Role.PRERELEASE,
            Role.BUILD,
        )


# Lists and the index parse the same tags again and again.
@functools.lru_cache(maxsize=8192)
def parse_tag(text: str) -> Tag:
    """Parse a tag. Text that is no valid tag becomes one unknown word."""
    scan = _Scan(text)
    if _TAG.fullmatch(text) is None:
        return Tag(text, (Piece(Role.WORD, text),) if text else ())

    while scan.position < len(text):
        separators = _SEPARATORS.match(text, scan.position)
        if separators is not None:
            scan.position = separators.end()
        elif not any(recognise(scan) for recognise in _RECOGNISERS):
            _read_word(scan)
    return Tag(text, tuple(scan.pieces), scan.version, scan.date)


def _read_digest(scan: _Scan) -> bool:
    match = _DIGEST.fullmatch(scan.text) if scan.position == 0 else None
    if match is not None:
        scan.add_piece(Role.DIGEST, match.end(), DIGEST_LIKE.name)
    return match is not None


def _read_date(scan: _Scan) -> bool:
    match = _DATE.match(scan.text, scan.position)
    # A second date is a build.
    if match is None or scan.date is not None:
        return False
    try:
        scan.date = datetime.date(int(match["year"]), int(match["month"]), int(match["day"]))
    # The pattern also matches days that no month has, such as 20250231.
    except ValueError:
        return False
    scan.add_piece(Role.DATE, match.end(), DATE.name)
    return True


def _read_commit(scan: _Scan) -> bool:
    match = _COMMIT.match(scan.text, scan.position)
    if match is not None:
        scan.add_piece(Role.COMMIT, match.end(), COMMIT.name, match["named"] or match["bare"])
    return match is not None


def _read_known_word(scan: _Scan) -> bool:
    match = _WORDS.match(scan.text, scan.position)
    if match is None or match.lastgroup is None:
        return False

    suffix = SUFFIXES[int(match.lastgroup[1:])]
    # After another word, `devel` and `dev` are variants (cuda's -devel, hardened images' -dev);
    # after a version, `dev` is a stage before the release.
    if match[0] == "devel" and scan.pieces:
        scan.add_piece(Role.VARIANT, match.end(), "builder")
    elif match[0] == "dev" and scan.pieces and not scan.after_version:
        scan.add_piece(Role.VARIANT, match.end(), suffix.name)
    else:
        scan.add_piece(suffix.role, match.end(), suffix.name, _release(suffix, match[0]))

    return True


def _release(suffix: Suffix, text: str) -> str:
    expression = _RELEASES.get(suffix.name)
    match = expression.fullmatch(text) if expression else None
    release = next((value for value in match.groupdict().values() if value), "") if match else ""
    return release or suffix.release or OLD_RELEASES.get(text, "")


def _read_version(scan: _Scan) -> bool:
    match = _VERSION.match(scan.text, scan.position)
    # A tag has one version; later numbers are builds.
    if (
        match is None
        or scan.version is not None
        or _is_build_number(match[0])
        or _counts_builds_of_a_day(scan, match[0])
    ):
        return False

    numbers = match["numbers"]
    calendar = _CALENDAR.fullmatch(numbers) is not None
    scan.version = Version(numbers, tuple(int(number) for number in numbers.split(".")), calendar)
    # The stage is a piece of its own: 1.27rc2 is the version 1.27 and its rc2.
    end = match.start("stage") if match["stage"] else match.end()
    scan.add_piece(Role.VERSION, end, _version_name(scan.version))
    if match["stage"]:
        stage = match["stage"].lower()
        scan.add_piece(
            Role.PRERELEASE, match.end(), _STAGES.get(stage, stage), match["count"] or ""
        )

    return True


def _read_java_8(scan: _Scan) -> bool:
    match = _JAVA_8.match(scan.text, scan.position)
    if match is None or scan.version is not None:
        return False
    # 8u432 is the version 8.0.432.
    scan.version = Version(match[0], (int(match["major"]), 0, int(match["update"])))
    scan.add_piece(Role.VERSION, match.end(), FULL_VERSION.name)
    return True


def _is_build_number(text: str) -> bool:
    """Return whether a whole number is neither a version nor a year: CI numbers its builds so."""
    return text.isdecimal() and len(text) >= 4 and _CALENDAR.fullmatch(text) is None


def _counts_builds_of_a_day(scan: _Scan, text: str) -> bool:
    return bool(scan.pieces) and scan.pieces[-1].role is Role.DATE and text.isdecimal()


def _version_name(version: Version) -> str:
    if version.full:
        return FULL_VERSION.name
    if version.calendar:
        return CALENDAR_VERSION.name
    return MINOR_VERSION.name if len(version.numbers) == 2 else MAJOR_VERSION.name


def _read_build(scan: _Scan) -> bool:
    known = scan.version is not None or scan.date is not None
    match = (_BUILD if known else _BUILD_ALONE).match(scan.text, scan.position)
    if match is not None:
        scan.add_piece(Role.BUILD, match.end(), BUILD_NUMBER.name)
    return match is not None


def _read_named_build(scan: _Scan) -> bool:
    return scan.text.startswith("build", scan.position) and _read_build(scan)


def _read_word(scan: _Scan) -> None:
    match = _WORD.match(scan.text, scan.position)
    scan.add_piece(Role.WORD, match.end() if match else len(scan.text))


# In this order: a date is also a number, and a commit can be a word.
_RECOGNISERS: tuple[Callable[[_Scan], bool], ...] = (
    _read_digest,
    _read_date,
    _read_commit,
    _read_named_build,
    _read_known_word,
    _read_java_8,
    _read_version,
    _read_build,
)
