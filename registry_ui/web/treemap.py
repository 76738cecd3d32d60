"""Squarified treemaps (Bruls, Huizing, van Wijk, 2000): rectangles with areas to scale."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 1000.0
HEIGHT = 360.0


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A rectangle in a frame of `WIDTH` by `HEIGHT` units."""

    x: float
    y: float
    width: float
    height: float


def squarify(sizes: Sequence[int], frame: Rectangle | None = None) -> list[Rectangle]:
    """Return one rectangle per size, in the same order, as close to squares as possible.

    Args:
        sizes: not negative, the largest first; zeros get no area.
    """
    free = frame or Rectangle(0, 0, WIDTH, HEIGHT)
    total = sum(sizes)
    if not total:
        return [Rectangle(free.x, free.y, 0, 0) for _size in sizes]

    # One row or column after another along the shorter side of the free part, as in the paper.
    areas = [size * free.width * free.height / total for size in sizes]
    placed: list[Rectangle] = []
    while len(placed) < len(areas):
        row = _next_row(areas[len(placed) :], min(free.width, free.height))
        rectangles, free = _place_row(row, free)
        placed += rectangles
    return [_rounded(rectangle) for rectangle in placed]


def _next_row(areas: Sequence[float], side: float) -> list[float]:
    """Return the first areas, as many as improve the worst aspect ratio of their row."""
    row: list[float] = [areas[0]]
    for area in areas[1:]:
        if _worst_ratio([*row, area], side) > _worst_ratio(row, side):
            break
        row.append(area)
    return row


def _worst_ratio(row: Sequence[float], side: float) -> float:
    """Return the worst aspect ratio in a row along `side`; 1 is a square."""
    total, least = sum(row), min(row)
    if not total or not least or not side:
        return float("inf")
    return max(side**2 * max(row) / total**2, total**2 / (side**2 * least))


def _place_row(row: Sequence[float], free: Rectangle) -> tuple[list[Rectangle], Rectangle]:
    """Place the row along the shorter side of the free part; return it and the new free part."""
    is_column = free.height <= free.width
    side, across = sorted((free.height, free.width))
    # Beside a size a billion times as large, rounding alone would lead out of the frame.
    depth = min(sum(row) / side, across) if side else 0.0
    placed, offset = [], 0.0

    for area in row:
        length = min(area / depth, side - offset) if depth else 0.0
        if is_column:
            placed.append(Rectangle(free.x, free.y + offset, depth, length))
        else:
            placed.append(Rectangle(free.x + offset, free.y, length, depth))
        offset += length
    if is_column:
        return placed, Rectangle(free.x + depth, free.y, max(free.width - depth, 0.0), free.height)

    return placed, Rectangle(free.x, free.y + depth, free.width, max(free.height - depth, 0.0))


def _rounded(rectangle: Rectangle) -> Rectangle:
    return Rectangle(
        *(
            round(value, 2)
            for value in (rectangle.x, rectangle.y, rectangle.width, rectangle.height)
        )
    )
