"""Keyset pagination: pages begin after the key of the last row of the page before.

A page in the middle of 100,000 rows is as fast as the first one, and rows that are added or
removed meanwhile make no other row appear twice or not at all.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import BadRequest, ValidationError
from django.db.models import BooleanField, F, Field, Func, Q, QuerySet, Value
from django.utils.translation import gettext as _

PAGE_SIZE = 50
_MAX_CURSOR_LENGTH = 1000
_SEPARATOR = "~"


@dataclass(frozen=True, slots=True)
class Page:
    """One page of rows, with the cursors of the pages before and after it; empty if none."""

    rows: list[Any]
    previous: str = ""
    next: str = ""

    @property
    def is_whole(self) -> bool:
        """Return whether the page has all rows."""
        return not self.previous and not self.next


class Keyset:
    """An order of rows by columns that are never null and together unique.

    Args:
        columns: as in `order_by`, such as "-size", "-id". An index on them in one direction keeps
            pages fast.
        cursor: the text column that identifies a row in an address; without it, the values of
            `columns` do.
        values_of: returns the values of `columns` for a cursor; raises ValueError for an invalid
            one.
    """

    def __init__(
        self,
        *columns: str,
        cursor: str = "",
        values_of: Callable[[str], Sequence[Any]] | None = None,
    ) -> None:
        self.columns = columns
        self._cursor = cursor
        self._values_of = values_of

    def page(
        self, rows: QuerySet[Any], *, after: str = "", before: str = "", size: int = PAGE_SIZE
    ) -> Page:
        """Return a page; the first page if there are no rows beyond the cursor.

        Raises:
            BadRequest: the cursor is invalid for this order.
        """
        columns = _reversed_order(self.columns) if before else self.columns
        cursor = before or after
        wanted = rows.filter(_after(rows, columns, self._read(rows, cursor))) if cursor else rows

        # One row more than the page has shows whether there is another page.
        fetched = list(wanted.order_by(*columns)[: size + 1])
        # The rows beyond the cursor may have been removed since the link was made.
        if not fetched:
            return self.page(rows, size=size) if cursor else Page([])
        shown, has_more = fetched[:size], len(fetched) > size

        # A page before the cursor was fetched in reverse order.
        if before:
            shown.reverse()
        # The page with the link lies on the other side of the cursor.
        has_previous, has_next = (has_more, True) if before else (bool(after), has_more)
        return Page(
            shown,
            self._write(shown[0]) if has_previous else "",
            self._write(shown[-1]) if has_next else "",
        )

    def _write(self, row: Any) -> str:
        names = [self._cursor] if self._cursor else [column.lstrip("-") for column in self.columns]
        return _SEPARATOR.join(row._meta.get_field(name).value_to_string(row) for name in names)

    def _read(self, rows: QuerySet[Any], cursor: str) -> list[Any]:
        try:
            # PostgreSQL refuses text with NUL.
            if "\0" in cursor or len(cursor) > _MAX_CURSOR_LENGTH:
                raise ValueError(cursor)
            if self._values_of is not None:
                return list(self._values_of(cursor))
            texts = cursor.split(_SEPARATOR)
            return [
                _parsed(_field(rows, column), text)
                for column, text in zip(self.columns, texts, strict=True)
            ]
        except (ValidationError, ValueError, OverflowError) as exc:
            raise BadRequest(_("There is no such page.")) from exc


class _Compared(Func):
    """A comparison of row values, (a, b) < (x, y), which one index on both columns serves."""

    output_field = BooleanField()

    def __init__(self, columns: Sequence[str], values: Sequence[Value], sign: str) -> None:
        super().__init__(*map(F, columns), *values, sign=sign)

    def as_sql(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        parts, params = [], []
        for expression in self.source_expressions:
            sql, expression_params = compiler.compile(expression)
            parts.append(sql)
            params.extend(expression_params)
        # The columns come first, then as many values.
        middle = len(parts) // 2
        return (
            f"({', '.join(parts[:middle])}) {self.extra['sign']} ({', '.join(parts[middle:])})",
            params,
        )


def _after(rows: QuerySet[Any], columns: Sequence[str], values: Sequence[Any]) -> Q | _Compared:
    """Return the condition of rows after the values in this order."""
    names = [column.lstrip("-") for column in columns]
    # Row values compare all columns in the same direction only.
    if len({column.startswith("-") for column in columns}) == 1:
        typed = [
            Value(value, _field(rows, name)) for name, value in zip(names, values, strict=True)
        ]
        return _Compared(names, typed, "<" if columns[0].startswith("-") else ">")
    return _after_by_column(columns, names, values)


def _after_by_column(columns: Sequence[str], names: Sequence[str], values: Sequence[Any]) -> Q:
    """Return the condition for columns with different directions."""
    # The first column gets a condition of its own, so that the database can use its index.
    beyond = "lt" if columns[0].startswith("-") else "gt"
    first = Q(**{f"{names[0]}__{beyond}": values[0]})
    if len(columns) == 1:
        return first
    rest = _after_by_column(columns[1:], names[1:], values[1:])
    return Q(**{f"{names[0]}__{beyond}e": values[0]}) & (first | rest)


def _reversed_order(columns: Sequence[str]) -> tuple[str, ...]:
    return tuple(column[1:] if column.startswith("-") else f"-{column}" for column in columns)


def _field(rows: QuerySet[Any], column: str) -> "Field[Any, Any]":
    field: Field[Any, Any] = rows.model._meta.get_field(column.lstrip("-"))
    return field


def _parsed(field: "Field[Any, Any]", text: str) -> Any:
    # The columns' own parsing and validators refuse text that no row can have.
    value = field.to_python(text)
    if isinstance(value, datetime):
        # Cursors are written in UTC; a time without a zone was not written by `_write`.
        if value.tzinfo is None:
            raise ValueError(text)
        value = value.astimezone(UTC)
    if value is None:
        raise ValueError(text)
    field.run_validators(value)
    return value
