import pytest
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection, transaction

from registry_ui.accounts.audit.chain import seal_audit_log
from registry_ui.accounts.audit.log import record
from registry_ui.accounts.audit.triggers import install_append_only_triggers
from registry_ui.accounts.models import Action, AuditEvent

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]

TABLE = AuditEvent._meta.db_table


@pytest.fixture(autouse=True)
def triggers(db):
    """Install the triggers, which the database of the tests lacks: its rows must be deleted."""
    install_append_only_triggers(DEFAULT_DB_ALIAS)


def run(sql):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.parametrize(
    "sql", [f"UPDATE {TABLE} SET actor_name = 'somebody else'", f"DELETE FROM {TABLE}"]
)
def test_the_database_itself_refuses_to_change_a_sealed_event(team, sql):
    event = record(Action.TEAM_CHANGED, team=team)
    seal_audit_log()

    with pytest.raises(DatabaseError, match="append-only"):
        run(sql)

    assert AuditEvent.objects.get(pk=event.pk).actor_name == event.actor_name


def test_an_event_can_be_sealed_once_it_is_written(team):
    record(Action.TEAM_CHANGED, team=team)

    assert seal_audit_log() == 1
    assert AuditEvent.objects.get().position == 1


def test_installing_the_triggers_again_changes_nothing(team):
    install_append_only_triggers(DEFAULT_DB_ALIAS)
    record(Action.TEAM_CHANGED, team=team)
    seal_audit_log()

    with pytest.raises(DatabaseError, match="append-only"):
        run(f"DELETE FROM {TABLE}")


def test_nothing_is_installed_where_the_table_is_missing():
    """`migrate accounts zero` removes the table and then sends `post_migrate`."""
    run(f"DROP TABLE {TABLE}")

    install_append_only_triggers(DEFAULT_DB_ALIAS)

    assert TABLE not in connection.introspection.table_names()


def test_an_event_that_is_not_sealed_yet_can_be_removed(team):
    record(Action.TEAM_CHANGED, team=team)

    run(f"DELETE FROM {TABLE}")

    assert not AuditEvent.objects.exists()
