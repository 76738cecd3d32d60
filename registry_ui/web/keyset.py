"""Pages of rows by the key at their edge: as quick in the middle of 100,000 rows as at their beginning, and no row is shown
twice or left out because others came or went."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import BadRequest, ValidationError
from django.db.models import BooleanField, F, Field, Func, Q, QuerySet, Value
from django.utils.translation import gettext as _

PAGE_SIZE = 50
_LONGEST_CURSOR = 1000
_BETWEEN = "~"


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of many; `previous` and `next` are the cursors `before` and `after` which the neighbours begin, empty at an end."""

    rows: list[Any]
    previous: str = ""
    next: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether there is no row beside these."""
        return not self.previous and not self.next


class Keyset:
    """An order of rows by columns that are never null and together unique.

    Args:
        columns: as `order_by` has them, such as "-size", "-id". An index on them, all in one direction, keeps pages quick.
        cursor: what stands for a row in an address: a text column of the row. Without it, the values of the columns do.
        values_of: the values of the columns for such a text. Raises ValueError where it stands for none.
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
        """The first page where there is nothing any more beyond the cursor.

        Raises:
            BadRequest: the cursor is none of this order.
        """
        columns = _turned(self.columns) if before else self.columns
        cursor = before or after
        wanted = rows.filter(_beyond(rows, columns, self._read(rows, cursor))) if cursor else rows
        found = list(wanted.order_by(*columns)[: size + 1])
        if not found:
            return self.page(rows, size=size) if cursor else Page([])
        shown, has_more = found[:size], len(found) > size
        if before:
            shown.reverse()
        has_previous, has_next = (has_more, True) if before else (bool(after), has_more)
        return Page(
            shown,
            self._write(shown[0]) if has_previous else "",
            self._write(shown[-1]) if has_next else "",
        )

    def _write(self, row: Any) -> str:
        names = [self._cursor] if self._cursor else [column.lstrip("-") for column in self.columns]
        return _BETWEEN.join(row._meta.get_field(name).value_to_string(row) for name in names)

    def _read(self, rows: QuerySet[Any], cursor: str) -> list[Any]:
        try:
            if "\0" in cursor or len(cursor) > _LONGEST_CURSOR:
                raise ValueError(cursor)
            if self._values_of is not None:
                return list(self._values_of(cursor))
            texts = cursor.split(_BETWEEN)
            return [
                _parsed(_field(rows, column), text)
                for column, text in zip(self.columns, texts, strict=True)
            ]
        except (ValidationError, ValueError, OverflowError) as exc:
            raise BadRequest(_("There is no such page.")) from exc


class _Compared(Func):
    """(a, b) < (x, y): what an index on both columns answers in one step."""

    output_field = BooleanField()

    def __init__(self, columns: Sequence[str], values: Sequence[Value], sign: str) -> None:
        super().__init__(*map(F, columns), *values, sign=sign)

    def as_sql(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        parts, params = [], []
        for expression in self.source_expressions:
            sql, its_params = compiler.compile(expression)
            parts.append(sql)
            params.extend(its_params)
        middle = len(parts) // 2
        return (
            f"({', '.join(parts[:middle])}) {self.extra['sign']} ({', '.join(parts[middle:])})",
            params,
        )


def _beyond(rows: QuerySet[Any], columns: Sequence[str], values: Sequence[Any]) -> Q | _Compared:
    """What comes after these values in this order."""
    names = [column.lstrip("-") for column in columns]
    if len({column.startswith("-") for column in columns}) == 1:
        typed = [
            Value(value, _field(rows, name)) for name, value in zip(names, values, strict=True)
        ]
        return _Compared(names, typed, "<" if columns[0].startswith("-") else ">")
    return _beyond_in_steps(columns, names, values)


def _beyond_in_steps(columns: Sequence[str], names: Sequence[str], values: Sequence[Any]) -> Q:
    """The same where the directions differ. The first column is bounded by itself, for its index."""
    beyond = "lt" if columns[0].startswith("-") else "gt"
    first = Q(**{f"{names[0]}__{beyond}": values[0]})
    if len(columns) == 1:
        return first
    rest = _beyond_in_steps(columns[1:], names[1:], values[1:])
    return Q(**{f"{names[0]}__{beyond}e": values[0]}) & (first | rest)


def _turned(columns: Sequence[str]) -> tuple[str, ...]:
    return tuple(column[1:] if column.startswith("-") else f"-{column}" for column in columns)


def _field(rows: QuerySet[Any], column: str) -> "Field[Any, Any]":
    return rows.model._meta.get_field(column.lstrip("-"))


def _parsed(field: "Field[Any, Any]", text: str) -> Any:
    value = field.to_python(text)
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(text)
        value = value.astimezone(UTC)
    if value is None:
        raise ValueError(text)
    field.run_validators(value)
    return value
