"""Bar charts drawn by the server."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 1000.0
GAP = 2.0
_NARROWEST = 4.0
# The part of the width that is to scale, however many pieces get the minimum width.
_TO_SCALE = 0.5


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a picture that is `WIDTH` units wide."""

    x: float
    width: float


def bar_widths(sizes: Sequence[int], width: float = WIDTH) -> list[float]:
    """Return widths to scale, with a minimum that can be seen and pointed at."""
    if not sizes:
        return []
    narrowest = min(_NARROWEST, width * (1 - _TO_SCALE) / len(sizes)) if len(sizes) > 1 else width
    # Every bar gets the minimum; the rest of the width is divided to scale.
    spare = width - narrowest * len(sizes)
    total = sum(sizes) or 1
    return [narrowest + spare * size / total for size in sizes]


def bars(sizes: Sequence[int], width: float = WIDTH) -> list[Bar]:
    """Return the bars side by side, with a small gap after each."""
    placed, x = [], 0.0
    for piece in bar_widths(sizes, width):
        placed.append(Bar(round(x, 2), round(piece - min(GAP, piece / 3), 2)))
        x += piece
    return placed
