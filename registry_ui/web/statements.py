"""Queries that programs ask with every request. The ORM takes ten times as long to put one into words as the database takes to
answer it, so the words are kept. What they ask is asked anew each time: no answer is ever kept.
"""

import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from django.db import connections
from django.db.models import Field, Model, QuerySet, Value
from django.db.models.query import get_related_populators

M = TypeVar("M", bound=Model)


class Given(Value):
    """A place in a statement for a value that comes with each request."""

    def __init__(self, name: str, field: "Field[Any, Any]") -> None:
        super().__init__(name, output_field=field)

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        return "%s", [self]

    def filled(self, values: dict[str, Any], connection: Any) -> Any:
        return self.output_field.get_db_prep_value(values[self.value], connection=connection)


class Statement(Generic[M]):
    """One query of the ORM, for its first row.

    Args:
        compose: makes the query, with `Given` wherever a value comes from the request or the settings.
    """

    def __init__(self, compose: Callable[[], QuerySet[M]]) -> None:
        self._compose = compose
        self._here = threading.local()

    def first(self, **values: Any) -> M | None:
        words: _Words[M] | None = getattr(self._here, "words", None)
        if words is None:
            words = self._here.words = _Words(self._compose()[:1])
        return words.ask(values)


class _Words(Generic[M]):
    """A query as one thread's connection puts it, and how its rows become objects: what Django's `ModelIterable` does."""

    def __init__(self, queryset: QuerySet[M]) -> None:
        self._alias = queryset.db
        self._compiler: Any = queryset.query.get_compiler(self._alias)
        self._sql, self._parameters = self._compiler.as_sql()
        self._model = queryset.model
        select, fields = self._compiler.select, self._compiler.klass_info["select_fields"]
        self._own = slice(fields[0], fields[-1] + 1)
        self._names = [column.target.attname for column, _sql, _alias in select[self._own]]
        self._populators = get_related_populators(self._compiler.klass_info, select, self._alias)  # type: ignore[call-arg]
        self._converters = self._compiler.get_converters(
            [column for column, _sql, _alias in select]
        )

    def ask(self, values: dict[str, Any]) -> M | None:
        connection = connections[self._alias]
        parameters = [
            each.filled(values, connection) if isinstance(each, Given) else each
            for each in self._parameters
        ]
        with connection.cursor() as cursor:
            cursor.execute(self._sql, parameters)
            row = cursor.fetchone()
        return (
            None
            if row is None
            else self._object(next(self._compiler.apply_converters([row], self._converters)))
        )

    def _object(self, row: list[Any]) -> M:
        found = self._model.from_db(self._alias, self._names, row[self._own])
        for populator in self._populators:
            populator.populate(row, found)
        for name, place in self._compiler.annotation_col_map.items():
            setattr(found, name, row[place])
        return found
