"""Pictures that the server draws: widths to scale."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 1000.0
GAP = 2.0
_NARROWEST = 4.0
# At least so much of the width is to scale, however many pieces have to be seen.
_TO_SCALE = 0.5


@dataclass(frozen=True, slots=True)
class Bar:
    """A piece of a picture that is `WIDTH` units wide."""

    x: float
    width: float


def bar_widths(sizes: Sequence[int], width: float = WIDTH) -> list[float]:
    """To scale, but wide enough to be seen and pointed at, as long as there is room for that."""
    if not sizes:
        return []
    narrowest = min(_NARROWEST, width * (1 - _TO_SCALE) / len(sizes)) if len(sizes) > 1 else width
    spare = width - narrowest * len(sizes)
    total = sum(sizes) or 1
    return [narrowest + spare * size / total for size in sizes]


def bars(sizes: Sequence[int], width: float = WIDTH) -> list[Bar]:
    """The pieces side by side, with a gap after each that leaves most of it."""
    found, x = [], 0.0
    for piece in bar_widths(sizes, width):
        found.append(Bar(round(x, 2), round(piece - min(GAP, piece / 3), 2)))
        x += piece
    return found
