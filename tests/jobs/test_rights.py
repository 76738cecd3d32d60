import pytest

from registry_ui.accounts.models import Membership, Role
from registry_ui.jobs.rights import check_requester
from registry_ui.oci.errors import Denied
from tests.transfers.rows import transfer_row

pytestmark = pytest.mark.django_db


def job_of(team, person):
    return transfer_row(team, user=person, requested_by=person.username if person else "")


def test_a_job_of_the_program_needs_nobody(team):
    check_requester(job_of(team, None))


def test_an_operator_passes_and_a_viewer_does_not(team, bob, victor):
    check_requester(job_of(team, bob))
    with pytest.raises(Denied):
        check_requester(job_of(team, victor))


def test_a_deletion_needs_an_admin(team, alice, bob):
    check_requester(job_of(team, alice), Role.ADMIN)
    with pytest.raises(Denied):
        check_requester(job_of(team, bob), Role.ADMIN)


def test_a_person_who_left_the_team_is_refused(team, bob):
    job = job_of(team, bob)
    Membership.objects.filter(user=bob).delete()

    with pytest.raises(Denied):
        check_requester(job)


def test_a_person_who_was_removed_is_refused(team, bob):
    job = job_of(team, bob)
    bob.delete()
    job.refresh_from_db()

    with pytest.raises(Denied):
        check_requester(job)


def test_a_deactivated_person_is_refused(team, bob):
    job = job_of(team, bob)
    bob.is_active = False
    bob.save()

    with pytest.raises(Denied):
        check_requester(job)
