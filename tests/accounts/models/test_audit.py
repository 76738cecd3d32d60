import pytest
from django.contrib.auth.models import AnonymousUser

from registry_ui.accounts.audit.log import Origin, acting_as, record
from registry_ui.accounts.models import Action, ActorKind, AuditEvent, Membership, Team

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]


def names(user):
    return sorted(AuditEvent.objects.visible_to(user).values_list("object_name", flat=True))


@pytest.fixture
def events(team, other_team, alice):
    record(Action.TEAM_CHANGED, team=team, name="ours")
    record(Action.TEAM_CHANGED, team=other_team, name="theirs")
    record(Action.SIGNED_IN, user=alice, name="alice's session")


def test_people_see_their_teams_and_their_own_events_outside_of_teams(
    events, alice, bob, charlie, ingrid
):
    assert names(alice) == ["alice's session", "ours"]
    assert names(bob) == ["ours"]
    assert names(charlie) == ["theirs"]
    assert len(names(ingrid)) == 3


def test_nobody_without_an_active_account_sees_anything(events, alice):
    assert names(AnonymousUser()) == []
    alice.is_active = False
    assert names(alice) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: rows.update(actor_name="x"),
        lambda rows: rows.delete(),
        lambda rows: rows.bulk_update(list(rows), ["actor_name"]),
        lambda rows: rows.get().save(),
        lambda rows: rows.get().delete(),
    ],
)
def test_events_are_neither_changed_nor_deleted(team, change):
    record(Action.TEAM_CHANGED, team=team, name="ours")

    with pytest.raises(TypeError, match="append-only"):
        change(AuditEvent.objects.all())

    assert AuditEvent.objects.get().object_name == "ours"


def test_every_action_fits_its_column_and_has_a_noun_and_a_verb():
    assert max(map(len, Action.values)) <= AuditEvent._meta.get_field("action").max_length
    assert all(len([part for part in value.split(".") if part]) == 2 for value in Action.values)


def test_an_event_without_an_actor_is_no_event_of_a_visitor(ingrid):
    """Its key of the actor is empty, as a visitor's is."""
    with acting_as(Origin(ActorKind.ANONYMOUS)):
        record(Action.SIGN_IN_REFUSED, name="nobody")

    assert names(AnonymousUser()) == []
    assert names(ingrid) == ["nobody"]


def test_the_actor_of_a_teams_event_no_longer_sees_it_after_leaving(team, alice):
    record(Action.TEAM_CHANGED, user=alice, team=team, name="ours")
    record(Action.SIGNED_IN, user=alice, name="alice's session")

    Membership.objects.filter(user=alice).delete()

    assert names(alice) == ["alice's session"]


def test_events_of_a_removed_team_are_for_administrators_only(events, team, alice, ingrid):
    Team.objects.filter(pk=team.pk).delete()

    assert names(alice) == ["alice's session"]
    assert "ours" in names(ingrid)
