"""Extension points: how an app adds something to an app below it, which may not import it."""

from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Extension(Generic[T]):
    """One extension point: an ordered list of what the apps above add to it.

    The app that owns it defines it and iterates over it; an app above calls `add` in the `ready`
    method of its `apps.py`, and nowhere else.
    """

    def __init__(self) -> None:
        self._items: list[tuple[int, T]] = []

    def add(self, item: T, *, order: int = 0) -> None:
        """Add an item; one that was added before is not added again.

        Args:
            order: items with a lower number come first; equal numbers keep the order of the apps.
        """
        if item in self:
            return

        self._items.append((order, item))
        # Only by the number: the items themselves have no order.
        self._items.sort(key=lambda entry: entry[0])

    def __iter__(self) -> Iterator[T]:
        return iter([item for _order, item in self._items])

    def __contains__(self, item: object) -> bool:
        return any(known == item for _order, known in self._items)
