import threading

import pytest
from django.db import transaction

from registry_ui.accounts.audit.log import Origin, acting_as, current_origin, record, set_actor
from registry_ui.accounts.models import Action, ActorKind, AuditEvent, Team
from registry_ui.registries.models import Registry

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]

TOKEN = Origin(ActorKind.TOKEN, address="192.0.2.1", token_name="ci (rui_abcd)")


def test_without_a_request_the_actor_is_the_command_line(team):
    event = record(Action.TEAM_CHANGED, obj=team, team=team)

    assert (event.actor_kind, event.actor_name, event.team_name) == (
        ActorKind.COMMAND_LINE,
        "",
        "Harbour",
    )


def test_the_origin_holds_for_its_block_only(team, alice):
    with acting_as(Origin(ActorKind.PERSON, user=alice, address="192.0.2.1")):
        event = record(Action.TEAM_CHANGED, obj=team, team=team)
    assert (event.actor_name, event.address) == ("alice", "192.0.2.1")
    assert current_origin() == Origin()


def test_a_named_person_acts_also_for_the_system_but_a_token_stays_a_token(team, alice):
    with acting_as(Origin(ActorKind.SYSTEM)):
        assert record(Action.TEAM_CHANGED, team=team, user=alice).actor_kind == ActorKind.PERSON
    with acting_as(Origin(ActorKind.TOKEN, user=alice, token_name="ci")):
        event = record(Action.TEAM_CHANGED, team=team, user=alice)
    assert (event.actor_kind, event.token_name) == (ActorKind.TOKEN, "ci")


def test_a_person_who_signs_in_acts_from_then_on(team, alice):
    with acting_as(Origin(ActorKind.ANONYMOUS, address="192.0.2.1")):
        set_actor(alice)
        event = record(Action.TEAM_CHANGED, team=team)
    assert (event.actor_kind, event.actor_name, event.address) == (
        ActorKind.PERSON,
        "alice",
        "192.0.2.1",
    )


def test_control_characters_and_long_names_are_made_harmless(team):
    event = record(
        Action.TEAM_CHANGED,
        team=team,
        name="a\x1b[31mb\n" + "x" * 400,
        was=["c\r\n", "d"],
        gone=None,
    )

    assert "\x1b" not in event.object_name
    assert "\n" not in event.object_name
    assert len(event.object_name) == 300
    assert event.details.keys() == {"was"}
    assert "\r" not in event.details["was"][0]


def test_an_action_that_is_rolled_back_leaves_no_event(team):
    with transaction.atomic():
        record(Action.TEAM_CHANGED, team=team)
        transaction.set_rollback(True)

    assert not AuditEvent.objects.exists()


def test_an_origin_ends_with_its_block_also_after_an_exception():
    with acting_as(TOKEN):
        with pytest.raises(LookupError), acting_as(Origin(ActorKind.SYSTEM)):
            raise LookupError
        assert current_origin() == TOKEN

    assert current_origin() == Origin(ActorKind.COMMAND_LINE)


def test_another_thread_does_not_act_for_the_person_of_this_one():
    seen = []
    with acting_as(TOKEN):
        thread = threading.Thread(target=lambda: seen.append(current_origin()))
        thread.start()
        thread.join()

    assert seen == [Origin()]


def test_the_team_is_that_of_the_object_unless_another_is_named(team, other_team):
    registry = Registry.objects.create(team=team, name="Depot", host="depot.example.com")

    own = record(Action.REGISTRY_ADDED, obj=registry)
    named = record(Action.REGISTRY_ADDED, obj=registry, team=other_team)

    assert (own.team_key, own.object_kind, own.object_name) == (team.pk, "registry", "Depot")
    assert named.team_key == other_team.pk


def test_a_later_renaming_or_removal_changes_no_event(team, alice):
    record(Action.TEAM_CHANGED, user=alice, team=team, obj=team)
    key = team.pk

    alice.username = "mallory"
    alice.save()
    Team.objects.all().delete()

    event = AuditEvent.objects.get()
    assert (event.actor_name, event.team_key, event.team_name, event.object_name) == (
        "alice",
        key,
        "Harbour",
        "Harbour",
    )


def test_long_names_are_cut_and_do_not_prevent_the_action(team):
    """PostgreSQL refuses text that is longer than its column."""
    origin = Origin(ActorKind.TOKEN, name="n" * 1000, token_name="t" * 1000)
    with acting_as(origin):
        event = record(Action.IMAGE_PUSHED, team=team, name="i" * 1000, credential=team)
    event.refresh_from_db()

    assert (len(event.actor_name), len(event.token_name), len(event.object_name)) == (150, 120, 300)
