"""The natural order of tags: 1.9 before 1.10, a candidate before its release, latest last."""

import re
from collections.abc import Iterable

from .parser import parse_tag
from .suffix import Role
from .tag import Kind, Piece, Tag

OrderKey = tuple[object, ...]

_RANKS = {kind: rank for rank, kind in enumerate(Kind)}
# Unknown stages sort as `dev`.
_STAGES = {"snapshot": 0, "dev": 1, "alpha": 2, "beta": 3, "preview": 4, "ea": 5, "rc": 6}
RELEASED = 9
_ABOVE_ALL = (1, 0)
BELOW_ALL = (-1, 0)
_CHANNELS = ("latest", "stable", "lts", "mainline", "current")
_DIGITS = frozenset("0123456789")
_RUNS = re.compile(r"[0-9]+|[^0-9]+")


def order_key(tag: Tag) -> OrderKey:
    """Return the sort key of a tag, oldest first. Different tags never share a key.

    A partial version means the newest of its line, so it follows the full versions of the line:
    1.27.2, 1.27.3, 1.27, 1.28.0. Tags of one version are neighbours, the plain one last.
    """
    return (
        _RANKS[tag.kind],
        version_numbers(tag),
        stage_key(tag),
        tag.date.toordinal() if tag.date else 0,
        tuple(natural_key(piece.text) for piece in tag.all_of(Role.BUILD)),
        _channel_key(tag.channel),
        # The plain tag of a version comes last: it has the fewest pieces.
        _simplicity(tag),
        tag.flavour,
        natural_key(tag.system_release),
        natural_key(tag.text),
        tag.text,
    )


def sort_tags(texts: Iterable[str], *, newest_first: bool = False) -> list[str]:
    """Return the texts in natural order."""
    return sorted(texts, key=lambda text: order_key(parse_tag(text)), reverse=newest_first)


def natural_key(text: str) -> OrderKey:
    """Return a key in which digits compare as numbers, the rest as text."""
    runs: list[str] = _RUNS.findall(text)
    # Python refuses to convert more than 4300 digits (sys.set_int_max_str_digits).
    return tuple(_run_key(run[:4000]) for run in runs)


def _run_key(run: str) -> OrderKey:
    return (0, int(run), "") if run[0] in _DIGITS else (1, 0, run.lower())


def version_numbers(tag: Tag) -> OrderKey:
    """Return the version's numbers, and an end that sorts a partial version after its line."""
    if tag.version is None:
        return ()
    numbers = list(tag.version.numbers)
    # 1.27-rc1 is a candidate of 1.27.0.
    if tag.prerelease is not None:
        numbers += [0] * (3 - len(numbers))
    end = BELOW_ALL if len(numbers) >= 3 else _ABOVE_ALL
    return (*((0, number) for number in numbers), end)


def stage_key(tag: Tag) -> OrderKey:
    """Return the stage before the release: alpha, beta, rc, the release itself."""
    return _stage_of(tag.prerelease) if tag.prerelease else (RELEASED,)


def _stage_of(piece: Piece) -> OrderKey:
    numbers = [(0, int(number)) for number in piece.release.split(".") if number]
    return (_STAGES.get(piece.name, 1), *(numbers or [_ABOVE_ALL]))


def _channel_key(piece: Piece | None) -> int:
    if piece is None:
        return 0
    return len(_CHANNELS) - _CHANNELS.index(piece.name) if piece.name in _CHANNELS else 0


def _simplicity(tag: Tag) -> int:
    return -len(tag.pieces)
