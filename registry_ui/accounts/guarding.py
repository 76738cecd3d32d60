"""The database's own refusal to change or delete what is sealed. Installed after each migrate and no migration of its own: SQLite
drops a table's triggers whenever a migration remakes it."""

from typing import Any

from django.db import connections

from .models import AuditEvent

_TABLE = AuditEvent._meta.db_table
_REFUSAL = "The trail is append-only."

_SQLITE = [
    f"""
    CREATE TRIGGER IF NOT EXISTS trail_refuses_{verb} BEFORE {verb} ON {_TABLE} WHEN OLD.position IS NOT NULL
    BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END
    """
    for verb in ("update", "delete")
]
_POSTGRESQL = [
    f"""
    CREATE OR REPLACE FUNCTION trail_refuses() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION '{_REFUSAL}'; END $$
    """,
    f"DROP TRIGGER IF EXISTS trail_refuses_change ON {_TABLE}",
    f"""
    CREATE TRIGGER trail_refuses_change BEFORE UPDATE OR DELETE ON {_TABLE}
    FOR EACH ROW WHEN (OLD.position IS NOT NULL) EXECUTE FUNCTION trail_refuses()
    """,
]


def guard_trail(using: str, **_kwargs: Any) -> None:
    """Receiver of `post_migrate`."""
    connection = connections[using]
    if _TABLE not in connection.introspection.table_names():
        return
    with connection.cursor() as cursor:
        for statement in _POSTGRESQL if connection.vendor == "postgresql" else _SQLITE:
            cursor.execute(statement)
