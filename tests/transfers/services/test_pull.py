import pytest

from registry_ui.accounts import services as people
from registry_ui.accounts.models import Action, AuditEvent, Membership, Role
from registry_ui.oci.reference import Reference
from registry_ui.web.errors import describe
from transfers import services
from transfers.models import State, Transfer

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


NAME = Reference.parse("127.0.0.1:9/app:1")


@pytest.fixture
def pull(team, bob):
    return services.start_pull(team=team, user=bob, reference=NAME, enqueue=False)


def membership(user, team):
    return Membership.objects.get(user=user, team=team)


def remove_role(team, alice, bob):
    people.change_role(membership=membership(bob, team), role=Role.VIEWER, by=alice)


def deactivate_account(team, alice, bob):
    # Without the service, which would have ended the job: as single sign-on does it.
    type(bob).objects.filter(pk=bob.pk).update(is_active=False)


def remove_membership(team, alice, bob):
    Membership.objects.filter(user=bob).delete()


@pytest.mark.parametrize("revoke", [remove_role, deactivate_account, remove_membership])
def test_a_right_lost_between_queueing_and_running_stops_the_job(team, alice, bob, pull, revoke):
    revoke(team, alice, bob)

    ended = services.run_in_process(pull)

    assert (ended.state, ended.error["kind"]) == (State.FAILED, "Denied")
    assert describe(ended.error).sentence == "bob may no longer do this in the team Harbour."


def test_removal_cancels_queued_transfers_and_says_why(team, alice, bob, pull):
    people.remove_member(membership=membership(bob, team), by=alice)

    pull.refresh_from_db()
    assert (pull.state, pull.error["kind"]) == (State.CANCELLED, "AccessRevoked")
    assert services.run_in_process(pull).state == State.CANCELLED
    event = AuditEvent.objects.get(action=Action.TRANSFER_CANCELLED)
    assert (event.actor_name, event.object_key) == ("alice", str(pull.pk))


def test_what_others_and_other_teams_have_goes_on(team, other_team, alice, bob, pull):
    Membership.objects.create(team=other_team, user=bob, role=Role.OPERATOR)
    in_other_team = services.start_pull(team=other_team, user=bob, reference=NAME, enqueue=False)
    of_alice = services.start_pull(team=team, user=alice, reference=NAME, enqueue=False)
    by_nobody = services.start_pull(team=team, user=None, reference=NAME, enqueue=False)

    people.remove_member(membership=membership(bob, team), by=alice)

    assert set(Transfer.objects.active()) == {in_other_team, of_alice, by_nobody}
