"""Prepared queries for requests of programs, which come by the thousand.

The ORM takes ten times as long to compile such a query to SQL as the database takes to run it,
so the SQL is compiled once per thread. Results are never cached.
"""

import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from django.db import connections
from django.db.models import Field, Model, QuerySet, Value
from django.db.models.query import get_related_populators

M = TypeVar("M", bound=Model)


class Parameter(Value):
    """A placeholder in a statement for a value of the request."""

    def __init__(self, name: str, field: "Field[Any, Any]") -> None:
        super().__init__(name, output_field=field)

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        # The object itself is the parameter, replaced by its value before each execution.
        return "%s", [self]

    def value_for(self, values: dict[str, Any], connection: Any) -> Any:
        return self.output_field.get_db_prep_value(values[self.value], connection=connection)


class Statement(Generic[M]):
    """A prepared query for one row.

    Args:
        compose: returns the queryset, with a `Parameter` for each value of the request or of the
            settings.
    """

    def __init__(self, compose: Callable[[], QuerySet[M]]) -> None:
        self._compose = compose
        # A compiler belongs to a connection, and Django's connections to a thread.
        self._local = threading.local()

    def first(self, **values: Any) -> M | None:
        compiled: _CompiledQuery[M] | None = getattr(self._local, "compiled", None)
        if compiled is None:
            compiled = self._local.compiled = _CompiledQuery(self._compose()[:1])
        return compiled.fetch(values)


class _CompiledQuery(Generic[M]):
    """A query compiled to SQL, which makes objects of rows as Django's `ModelIterable` does."""

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

    def fetch(self, values: dict[str, Any]) -> M | None:
        connection = connections[self._alias]
        parameters = [
            parameter.value_for(values, connection)
            if isinstance(parameter, Parameter)
            else parameter
            for parameter in self._parameters
        ]

        with connection.cursor() as cursor:
            cursor.execute(self._sql, parameters)
            row = cursor.fetchone()
        if row is None:
            return None

        return self._object(next(self._compiler.apply_converters([row], self._converters)))

    def _object(self, row: list[Any]) -> M:
        instance = self._model.from_db(self._alias, self._names, row[self._own])
        for populator in self._populators:
            populator.populate(row, instance)
        for name, column in self._compiler.annotation_col_map.items():
            setattr(instance, name, row[column])
        return instance
