import pytest
from django.db import transaction

from registry_ui.accounts.audit.log import Origin, acting_as, current_origin, record, set_actor
from registry_ui.accounts.models import Action, ActorKind, AuditEvent

pytestmark = pytest.mark.django_db


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
