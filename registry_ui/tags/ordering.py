"""The natural order of tags: 1.9 before 1.10, a release candidate before its release, latest at the end."""

import re
from collections.abc import Iterable

from .parsing import parse_tag
from .suffix import Role
from .tag import Kind, Piece, Tag

OrderKey = tuple[object, ...]

_RANKS = {kind: rank for rank, kind in enumerate(Kind)}
_STAGES = {"snapshot": 0, "dev": 1, "alpha": 2, "beta": 3, "preview": 4, "ea": 5, "rc": 6}
RELEASED = 9
_ABOVE_ALL = (1, 0)
BELOW_ALL = (-1, 0)
_CHANNELS = ("latest", "stable", "lts", "mainline", "current")
_DIGITS = frozenset("0123456789")
_RUNS = re.compile(r"[0-9]+|[^0-9]+")


def order_key(tag: Tag) -> OrderKey:
    """Sort by it for oldest first, reversed for newest first. Two tags with different text never share a key.

    A partial version stands for the newest of its line, so it follows the full versions that it covers: 1.27.2, 1.27.3,
    1.27, 1.28.0. Tags of one version stand together, the plain one last.
    """
    return (
        _RANKS[tag.kind],
        version_numbers(tag),
        stage_key(tag),
        tag.date.toordinal() if tag.date else 0,
        tuple(natural_key(piece.text) for piece in tag.all_of(Role.BUILD)),
        _channel_key(tag.channel),
        _simplicity(tag),
        tag.flavour,
        natural_key(tag.system_release),
        natural_key(tag.text),
        tag.text,
    )


def sort_tags(texts: Iterable[str], *, newest_first: bool = False) -> list[str]:
    """Texts in natural order."""
    return sorted(texts, key=lambda text: order_key(parse_tag(text)), reverse=newest_first)


def natural_key(text: str) -> OrderKey:
    """Digits compare as numbers, the rest as text."""
    runs: list[str] = _RUNS.findall(text)
    return tuple(
        (0, int(run), "") if run[0] in _DIGITS else (1, 0, run.lower())
        for run in (run[:4000] for run in runs)
    )


def version_numbers(tag: Tag) -> OrderKey:
    """The version's numbers, and an end that puts a partial version above the full ones that it covers."""
    if tag.version is None:
        return ()
    numbers = list(tag.version.numbers)
    if tag.prerelease is not None:
        numbers += [0] * (3 - len(numbers))
    end = BELOW_ALL if len(numbers) >= 3 else _ABOVE_ALL
    return (*((0, number) for number in numbers), end)


def stage_key(tag: Tag) -> OrderKey:
    """How near to the release: alpha, beta, rc, the release itself."""
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
