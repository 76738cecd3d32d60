"""Pictures that the server draws: widths to scale."""

from collections.abc import Sequence

WIDTH = 1000.0
GAP = 2.0
_NARROWEST = 4.0


def bar_widths(sizes: Sequence[int]) -> list[float]:
    """To scale, but wide enough to be seen and pointed at."""
    if not sizes:
        return []
    narrowest = min(_NARROWEST, WIDTH / len(sizes))
    spare = WIDTH - narrowest * len(sizes)
    total = sum(sizes) or 1
    return [narrowest + spare * size / total for size in sizes]
