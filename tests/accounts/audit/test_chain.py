"""HARDENING 56: the audit log is append-only, and changes of its rows are found."""

import io
import os
import sqlite3
import subprocess
import sys
import threading
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connections, models, transaction
from django.utils import timezone

from registry_ui.accounts.audit import chain
from registry_ui.accounts.audit.log import Origin, acting_as, record
from registry_ui.accounts.audit.triggers import install_append_only_triggers
from registry_ui.accounts.models import Action, ActorKind, AuditChainHead, AuditEvent
from registry_ui.environment import BASE_DIR

pytestmark = pytest.mark.postgresql


@pytest.fixture
def events(team, alice):
    """Five sealed events; one has a value in every column."""
    for number in range(4):
        record(Action.REGISTRY_ADDED, user=alice, team=team, name=f"registry {number}")
    with acting_as(
        Origin(ActorKind.TOKEN, user=alice, address="2001:DB8::1", token_name="ci (rui_abcd)")
    ):
        record(
            Action.MEMBER_CHANGED,
            team=team,
            obj=alice,
            name="Zoë “镜像”",
            role="viewer",
            was=["a", "b"],
            count=3,
            by_hand=True,
        )
    assert chain.seal_audit_log() == 5
    return AuditEvent.objects.order_by("position")


def tamper(rows, **values):
    models.QuerySet.update(rows, **values)


def verdict(**options):
    output = io.StringIO()
    call_command("verify_audit_log", stdout=output, **options)
    return output.getvalue()


@pytest.mark.django_db
def test_models_refuse_to_change_or_delete_an_event(events):
    event = events.first()
    for act in (
        events.delete,
        lambda: events.update(actor_name="nobody"),
        lambda: AuditEvent.objects.bulk_update([event], ["actor_name"]),
        lambda: AuditEvent.objects.update_or_create(pk=event.pk, defaults={"actor_name": "nobody"}),
        event.save,
        event.delete,
    ):
        with pytest.raises(TypeError):
            act()
    assert AuditEvent.objects.count() == 5


@pytest.mark.django_db
def test_the_database_refuses_to_change_sealed_events(events, team):
    for _each in range(2):
        install_append_only_triggers(using="default")
    fresh = record(Action.SIGNED_OUT, team=team, name="not sealed yet")
    for act in (
        lambda: tamper(events, actor_name="mallory"),
        lambda: events.filter(position=2)._raw_delete("default"),
    ):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            act()
    assert chain.seal_audit_log() == 1
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        tamper(AuditEvent.objects.filter(pk=fresh.pk), position=None)
    assert chain.verify().position == 6


@pytest.mark.processes
def test_migrate_installs_the_triggers(tmp_path):
    environment = {"PATH": os.environ["PATH"], "REGISTRY_UI_DATA": str(tmp_path)}
    for _each in range(2):
        subprocess.run(
            [sys.executable, "manage.py", "migrate"],
            cwd=BASE_DIR,
            env=environment,
            check=True,
            capture_output=True,
        )
    with sqlite3.connect(tmp_path / "registry-ui.sqlite3") as database:
        names = {
            row[0]
            for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        }
    assert names == {"audit_log_refuses_update", "audit_log_refuses_delete"}


@pytest.mark.django_db
def test_an_intact_chain_is_confirmed(events):
    head = AuditChainHead.objects.get()
    assert [event.position for event in events] == [1, 2, 3, 4, 5]
    assert (head.position, head.hash) == (5, events.last().hash)
    assert verdict() == f"The trail is whole: 5 events.\n5:{head.hash}\n"


FIELDS = {
    "at": timezone.now() - timedelta(days=1),
    "action": Action.SIGNED_IN,
    "outcome": "failed",
    "actor_kind": "system",
    "actor_key": "77",
    "actor_name": "mallory",
    "token_name": "x",
    "address": "192.0.2.77",
    "team_key": 77,
    "team_name": "x",
    "object_kind": "x",
    "object_key": "77",
    "object_name": "x",
    "credential_key": "77",
    "credential_name": "x",
    "details": {"role": "admin"},
    "hash": "f" * 64,
}


@pytest.mark.django_db
def test_a_change_of_any_column_is_found(events):
    covered = {field.attname for field in AuditEvent._meta.concrete_fields} - {"id", "position"}
    assert covered == FIELDS.keys()
    for name, value in FIELDS.items():
        original = getattr(events[2], name)
        tamper(AuditEvent.objects.filter(position=3), **{name: value})
        with pytest.raises(CommandError, match=r"Event 3, of .*, was changed"):
            verdict()
        tamper(AuditEvent.objects.filter(position=3), **{name: original})
    assert "5 events" in verdict()


@pytest.mark.django_db
def test_a_changed_event_with_a_new_hash_is_found_by_the_next_event(events):
    """An attacker can compute the event's own hash, but the next hash covers the former one."""
    before, changed = AuditEvent.objects.get(position=2), AuditEvent.objects.get(position=3)
    changed.actor_name = "mallory"
    tamper(
        events.filter(position=3),
        actor_name="mallory",
        hash=chain.chain_hash(before.hash, changed),
    )

    with pytest.raises(CommandError, match=r"Event 4, of .*, was changed"):
        verdict()


@pytest.mark.django_db
def test_a_removed_event_is_found(events):
    AuditEvent.objects.filter(position=3)._raw_delete("default")
    with pytest.raises(CommandError, match="Event 3 is missing"):
        verdict()


@pytest.mark.django_db
def test_removed_newest_events_are_found_by_the_head(events):
    AuditEvent.objects.filter(position__gte=4)._raw_delete("default")
    with pytest.raises(CommandError, match="ends at event 3, and had 5"):
        verdict()


@pytest.mark.django_db
def test_an_event_beyond_the_head_is_found(events, team):
    AuditEvent.objects.create(
        action=Action.SIGNED_IN, actor_kind="person", position=6, hash="f" * 64
    )
    with pytest.raises(CommandError, match="beyond the end"):
        verdict()


@pytest.mark.django_db
def test_a_rewritten_chain_is_found_by_a_checkpoint(events):
    checkpoint = verdict().splitlines()[-1]
    record(Action.SIGNED_OUT, name="later")
    chain.seal_audit_log()
    assert "6 events" in verdict(noted=checkpoint)
    models.QuerySet.update(AuditEvent.objects.all(), position=None, hash="", actor_name="mallory")
    AuditChainHead.objects.update(position=0, hash="")
    chain.seal_audit_log()
    assert "6 events" in verdict()
    with pytest.raises(CommandError, match="Event 5 has another hash"):
        verdict(noted=checkpoint)
    with pytest.raises(CommandError, match="before the noted one"):
        verdict(noted=f"9:{'a' * 64}")
    with pytest.raises(CommandError, match="place and a hash"):
        verdict(noted="x")


@pytest.mark.django_db
def test_old_unsealed_events_are_found(events):
    AuditEvent.objects.create(
        action=Action.SIGNED_IN, actor_kind="person", at=timezone.now() - timedelta(minutes=6)
    )
    with pytest.raises(CommandError, match="1 event is not in the chain"):
        verdict()


@pytest.mark.django_db
def test_fresh_events_are_sealed_on_demand(events):
    record(Action.SIGNED_OUT, name="now")
    assert "6 events" in verdict()


@pytest.mark.django_db(transaction=True)
def test_concurrent_sealing_makes_one_chain(team):
    start = threading.Barrier(4)

    def write():
        start.wait()
        for number in range(25):
            record(Action.REGISTRY_ADDED, team=team, name=f"registry {number}")
        connections.close_all()

    def seal():
        start.wait()
        for _each in range(15):
            chain.seal_audit_log()
        connections.close_all()

    threads = [threading.Thread(target=act) for act in (write, write, seal, seal)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    chain.seal_audit_log()

    assert chain.verify().position == 50


@pytest.mark.django_db
def test_a_rollback_leaves_no_event_and_no_gap(events, team):
    with transaction.atomic():
        record(Action.REGISTRY_ADDED, team=team, name="never")
        transaction.set_rollback(True)
    record(Action.REGISTRY_ADDED, team=team, name="then")
    chain.seal_audit_log()
    assert chain.verify().position == 6


@pytest.mark.django_db
def test_control_characters_in_names_are_escaped(team):
    """HARDENING 53."""
    event = record(
        Action.REGISTRY_ADDED,
        team=team,
        name="a\nb\x1b[31m\x00\u202e",
        note="x\ry",
        several=["c\nd"],
    )
    event.refresh_from_db()
    for text in (event.object_name, event.details["note"], event.details["several"][0]):
        assert text.isprintable()
    chain.seal_audit_log()
    assert chain.verify().position == 1


@pytest.mark.django_db
def test_recording_costs_one_statement(team, alice, django_assert_num_queries):
    with django_assert_num_queries(1):
        record(Action.REGISTRY_ADDED, user=alice, team=team, name="x")
