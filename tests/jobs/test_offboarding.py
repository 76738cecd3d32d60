import pytest

from registry_ui.accounts.models import Membership, Role
from registry_ui.jobs.models import State
from registry_ui.jobs.offboarding import JobOffboarding
from tests.transfers.rows import transfer_row
from transfers.models import Kind

pytestmark = pytest.mark.django_db

JOBS = JobOffboarding()


@pytest.fixture
def job(team, bob):
    return transfer_row(team, user=bob, requested_by=bob.username)


def test_the_jobs_of_one_person_in_one_team_are_listed(job, team, other_team, alice, bob):
    [listed] = JOBS.running(bob, team)

    assert (listed.url, listed.state) == (f"/transfers/{job.pk}/", State.QUEUED)
    assert JOBS.running(alice, team) == []
    assert JOBS.running(bob, other_team) == []
    assert len(JOBS.running(None, team)) == 1


def test_a_cancelled_job_names_the_reason(job, team, bob, alice):
    assert JOBS.cancel(bob, None, by=alice) == 1

    job.refresh_from_db()
    assert (job.state, job.error["kind"]) == (State.CANCELLED, "AccessRevoked")
    assert JOBS.cancel(bob, None, by=alice) == 0


def test_a_job_goes_to_a_successor_with_the_role_for_it(job, team, bob, alice):
    assert JOBS.hand_over(bob, team, to=alice) == 1

    job.refresh_from_db()
    assert (job.user, job.requested_by) == (alice, alice.username)


def test_a_deletion_does_not_go_to_an_operator(team, bob, victor):
    Membership.objects.filter(user=victor).update(role=Role.OPERATOR)
    deletion = transfer_row(team, kind=Kind.DELETE, user=bob, requested_by=bob.username)

    assert JOBS.hand_over(bob, team, to=victor) == 0

    deletion.refresh_from_db()
    assert deletion.user == bob
