"""Columns of tables that can be sorted or hidden; the template of the table has their cells."""

from collections.abc import Collection
from dataclasses import dataclass, field

from django.utils.functional import Promise

Text = str | Promise


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a list page.

    Args:
        name: its name in the page's address, in the style sheet, and in the template.
        label: its heading, and the label of its cells on narrow screens.
        order: the order that a click on the heading asks for, such as "-size"; a second click asks
            for the opposite one. Empty if the table is not sorted by the column.
        order_labels: the names of both orders for narrow screens, where the table has no heading.
        is_numeric: whether its cells are aligned to the right.
        can_hide: whether a person can hide it.
    """

    name: str
    label: Text
    order: str = ""
    order_labels: tuple[Text, Text] | None = None
    is_numeric: bool = False
    can_hide: bool = False

    @property
    def orders(self) -> tuple[str, ...]:
        """The order of the first click and of the second; empty without an order."""
        return (self.order, opposite(self.order)) if self.order else ()


@dataclass(frozen=True, slots=True)
class Table:
    """The declaration of a table.

    Args:
        columns: from left to right.
        parts: parts of cells that a person can hide like a column.
        more_orders: orders without a column, with their names for narrow screens.
    """

    columns: tuple[Column, ...]
    parts: tuple[Column, ...] = ()
    more_orders: tuple[tuple[str, Text], ...] = ()

    @property
    def hideable(self) -> list[Column]:
        return [column for column in (*self.parts, *self.columns) if column.can_hide]

    @property
    def orders(self) -> list[tuple[str, Text]]:
        """The orders with their names, for the choice on narrow screens."""
        named = [
            (order, label)
            for column in self.columns
            for order, label in zip(column.orders, column.order_labels or (), strict=False)
        ]
        return [*named, *self.more_orders]

    def shown(self, *, sort: str = "", hidden: Collection[str] = ()) -> "ShownTable":
        return ShownTable(self, sort, frozenset(hidden))


@dataclass(frozen=True, slots=True)
class ShownTable:
    """A table as one page shows it.

    Args:
        sort: the name of the present order.
        hidden: the names of the hidden columns and parts.
    """

    table: Table
    sort: str = ""
    hidden: frozenset[str] = field(default_factory=frozenset)

    def column(self, name: str) -> Column | None:
        return next((column for column in self.table.columns if column.name == name), None)


def opposite(order: str) -> str:
    return order[1:] if order.startswith("-") else f"-{order}"
