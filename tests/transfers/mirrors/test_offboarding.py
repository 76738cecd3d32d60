"""Runs of people who leave (HARDENING 30).

A run that a person requested ends with their right to it, or is handed over.
"""

import pytest

from registry_ui.accounts import services as people
from registry_ui.accounts.models import Action, AuditEvent, Membership, Role
from registry_ui.accounts.offboarding import active_jobs_of, cancel_jobs, hand_over_jobs
from transfers.mirrors.models import MirrorRun
from transfers.mirrors.services import run_in_process, start_run
from transfers.models import State

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def run(make_mirror, bob):
    return start_run(mirror=make_mirror("shop/app"), user=bob, enqueue=False)


def test_the_run_of_a_leaving_person_is_shown_and_ended(team, alice, bob, run):
    assert [job.description for job in active_jobs_of(bob, team)] == [
        "Run of the mirror “Mirror of shop/app”"
    ]

    assert cancel_jobs(bob, team, by=alice) == 1

    run.refresh_from_db()
    assert (run.state, run.error["kind"]) == (State.CANCELLED, "AccessRevoked")
    assert (
        AuditEvent.objects.filter(action=Action.MIRROR_CANCELLED, actor_name="alice").count() == 1
    )


def test_a_run_is_handed_over_to_a_colleague(team, alice, bob, run):
    assert hand_over_jobs(bob, team, to=alice) == 1

    run.refresh_from_db()
    assert (run.state, run.user, run.requested_by) == (State.QUEUED, alice, "alice")
    assert AuditEvent.objects.filter(action=Action.MIRROR_HANDED_OVER).count() == 1


def test_a_scheduled_run_stays(team, alice, bob, make_mirror):
    scheduled = start_run(mirror=make_mirror("shop/app"), user=None, enqueue=False)
    cancel_jobs(bob, team, by=alice)
    assert MirrorRun.objects.get(pk=scheduled.pk).state == State.QUEUED


def test_a_right_lost_between_queueing_and_running_stops_the_run(team, alice, bob, run):
    people.change_role(
        membership=Membership.objects.get(user=bob, team=team), role=Role.VIEWER, by=alice
    )

    ended = run_in_process(run)

    assert (ended.state, ended.error["kind"]) == (State.FAILED, "Denied")
