"""Hand-written queries for requests of programs, which come by the thousand.

The ORM takes ten times as long to compile such a query to SQL as the database takes to run it.
`Manager.raw` reads no related rows, so a row is made into objects here.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import DateTimeField, Field, Model, UUIDField
from django.utils import timezone

M = TypeVar("M", bound=Model)


class ModelColumns(Generic[M]):
    """The columns of a model in a query, and the objects that its rows hold.

    Args:
        alias: the name that the query gives to the model's table.
        sql: the columns, for the query's SELECT.
        count: the number of columns.
    """

    def __init__(self, model: type[M], alias: str) -> None:
        fields = model._meta.concrete_fields
        self.sql = ", ".join(f'{alias}."{field.column}"' for field in fields)
        self.count = len(fields)

        self._model = model
        self._names = [field.attname for field in fields]
        self._key = self._names.index(model._meta.pk.attname)
        self._converters = [
            (index, converter)
            for index, field in enumerate(fields)
            if (converter := _converter_of(field)) is not None
        ]

    def read(self, row: Sequence[Any], start: int = 0) -> M:
        """Return the object whose columns begin at one position of a row."""
        values = list(row[start : start + self.count])
        for index, convert in self._converters:
            if values[index] is not None:
                values[index] = convert(values[index])
        return self._model.from_db(DEFAULT_DB_ALIAS, self._names, values)

    def read_joined(self, row: Sequence[Any], start: int) -> M | None:
        """Return the same for an outer join, None where it found nothing."""
        return None if row[start + self._key] is None else self.read(row, start)


def fetch_row(sql: str, parameters: Sequence[Any]) -> tuple[Any, ...] | None:
    """Run a query, and return its first row."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        row: tuple[Any, ...] | None = cursor.fetchone()
    return row


def aware(value: datetime) -> datetime:
    """Return a time as the ORM gives it: SQLite keeps it without its time zone, in UTC."""
    return timezone.make_aware(value, UTC) if timezone.is_naive(value) else value


def _converter_of(field: "Field[Any, Any]") -> Callable[[Any], Any] | None:
    # SQLite has no such types; PostgreSQL's driver returns them already.
    if isinstance(field, UUIDField):
        return field.to_python
    if isinstance(field, DateTimeField):
        return aware
    convert: Callable[..., Any] | None = getattr(field, "from_db_value", None)
    return None if convert is None else lambda value: convert(value, None, connection)
