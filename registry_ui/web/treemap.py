"""A picture of sizes: rectangles that fill a frame, each as large as its share (squarified: Bruls, Huizing, van Wijk, 2000)."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 1000.0
HEIGHT = 360.0


@dataclass(frozen=True, slots=True)
class Rectangle:
    """In units of a frame that is `WIDTH` by `HEIGHT`."""

    x: float
    y: float
    width: float
    height: float


def squarified(sizes: Sequence[int], frame: Rectangle | None = None) -> list[Rectangle]:
    """One rectangle a size, in the order given, as near to squares as they come. Give the largest first.

    Args:
        sizes: none of them negative; those that are zero get no area.
    """
    free = frame or Rectangle(0, 0, WIDTH, HEIGHT)
    total = sum(sizes)
    if not total:
        return [Rectangle(free.x, free.y, 0, 0) for _size in sizes]
    areas = [size * free.width * free.height / total for size in sizes]
    placed: list[Rectangle] = []
    while len(placed) < len(areas):
        row = _row(areas[len(placed) :], min(free.width, free.height))
        rectangles, free = _lay(row, free)
        placed += rectangles
    return [_rounded(rectangle) for rectangle in placed]


def _row(areas: Sequence[float], side: float) -> list[float]:
    """As many areas as make their row less oblong with each one more."""
    row: list[float] = [areas[0]]
    for area in areas[1:]:
        if _worst([*row, area], side) > _worst(row, side):
            break
        row.append(area)
    return row


def _worst(row: Sequence[float], side: float) -> float:
    """How oblong the worst rectangle of a row along `side` is; 1 is a square."""
    total, least = sum(row), min(row)
    if not total or not least or not side:
        return float("inf")
    return max(side**2 * max(row) / total**2, total**2 / (side**2 * least))


def _lay(row: Sequence[float], free: Rectangle) -> tuple[list[Rectangle], Rectangle]:
    """The row along the shorter side of what is free, and what is free then."""
    is_column = free.height <= free.width
    side = free.height if is_column else free.width
    depth = sum(row) / side if side else 0.0
    placed, offset = [], 0.0
    for area in row:
        length = area / depth if depth else 0.0
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
