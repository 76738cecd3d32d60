import pytest
from django.contrib.auth.models import AnonymousUser

from registry_ui.accounts.audit.log import record
from registry_ui.accounts.models import Action, AuditEvent

pytestmark = pytest.mark.django_db


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
