"""Database triggers that refuse to change or delete sealed audit events.

They are installed after each `migrate`, not by a migration: SQLite drops a table's triggers
whenever a migration rebuilds the table.
"""

from typing import Any

from django.db import connections

from ..models import AuditEvent

_TABLE = AuditEvent._meta.db_table
_REFUSAL = "The audit log is append-only."

# `position` is empty until the event is sealed; sealing itself is the only allowed update.
_SQLITE = [
    f"""
    CREATE TRIGGER IF NOT EXISTS audit_log_refuses_{verb}
    BEFORE {verb} ON {_TABLE} WHEN OLD.position IS NOT NULL
    BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END
    """
    for verb in ("update", "delete")
]
# PostgreSQL has no CREATE TRIGGER IF NOT EXISTS, so the trigger is dropped and created again.
_POSTGRESQL = [
    f"""
    CREATE OR REPLACE FUNCTION audit_log_refuses() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION '{_REFUSAL}'; END $$
    """,
    f"DROP TRIGGER IF EXISTS audit_log_refuses_change ON {_TABLE}",
    f"""
    CREATE TRIGGER audit_log_refuses_change BEFORE UPDATE OR DELETE ON {_TABLE}
    FOR EACH ROW WHEN (OLD.position IS NOT NULL) EXECUTE FUNCTION audit_log_refuses()
    """,
]


def install_append_only_triggers(using: str, **_kwargs: Any) -> None:
    """Install the triggers where they are missing (receiver of `post_migrate`)."""
    connection = connections[using]

    # A migration back to before the audit log leaves no table.
    if _TABLE not in connection.introspection.table_names():
        return

    with connection.cursor() as cursor:
        for statement in _POSTGRESQL if connection.vendor == "postgresql" else _SQLITE:
            cursor.execute(statement)
