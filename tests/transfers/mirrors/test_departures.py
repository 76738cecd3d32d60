"""HARDENING 30, for mirrors: a run that somebody asked for ends with their right to it, or is somebody else's from then on."""

import pytest

from registry_ui.accounts import services as people
from registry_ui.accounts.belongings import belongings_of
from registry_ui.accounts.departures import end_work, hand_over_work, running_of
from registry_ui.accounts.models import Action, AuditEvent, Membership, Role
from transfers.mirrors.services import run_here, start_run
from transfers.models import MirrorRun, State

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def run(make_mirror, bob):
    return start_run(mirror=make_mirror("shop/app"), user=bob, enqueue=False)


def test_a_leaving_persons_run_is_shown_and_ended(team, alice, bob, run):
    assert [work.words for work in running_of(bob, team)] == [
        "Run of the mirror “Mirror of shop/app”"
    ]

    assert end_work(bob, team, by=alice) == 1

    run.refresh_from_db()
    assert (run.state, run.error["kind"]) == (State.CANCELLED, "PersonGone")
    assert (
        AuditEvent.objects.filter(action=Action.MIRROR_CANCELLED, actor_name="alice").count() == 1
    )


def test_a_run_is_handed_over_to_a_colleague(team, alice, bob, run):
    assert hand_over_work(bob, team, to=alice) == 1

    run.refresh_from_db()
    assert (run.state, run.user, run.requested_by) == (State.QUEUED, alice, "alice")
    assert AuditEvent.objects.filter(action=Action.MIRROR_HANDED_OVER).count() == 1


def test_what_the_schedule_started_stays(team, alice, bob, make_mirror):
    scheduled = start_run(mirror=make_mirror("shop/app"), user=None, enqueue=False)
    end_work(bob, team, by=alice)
    assert MirrorRun.objects.get(pk=scheduled.pk).state == State.QUEUED


def test_a_right_lost_between_queueing_and_running_stops_the_run(team, alice, bob, run):
    people.change_role(
        membership=Membership.objects.get(user=bob, team=team), role=Role.VIEWER, by=alice
    )

    ended = run_here(run)

    assert (ended.state, ended.error["kind"]) == (State.FAILED, "Denied")


def test_the_removal_of_a_team_counts_its_mirrors(team, run):
    assert "1 mirror, with its runs" in belongings_of(team)
