import pytest

from registry_ui.jobs.kinds import JobKind
from registry_ui.oci.errors import Denied, OciError
from registry_ui.oci.progress import Progress
from registry_ui.oci.store import Cancellation
from tests.transfers.conftest import add_credential
from tests.transfers.rows import copy_row, transfer_row
from transfers.executors.transfer_run import TransferRun, login_detail
from transfers.models import Transfer
from transfers.queues import TRANSFERS
from transfers.steps import Steps

pytestmark = pytest.mark.django_db


def run_of(row):
    return TransferRun(row, Progress(), Steps.of(row), Cancellation())


@pytest.fixture
def credential(make_registry):
    return add_credential(make_registry(), "robot", "canary-secret", can_push=True)


def test_the_columns_follow_the_progress(team):
    run = run_of(copy_row(team))
    run.steps.begin("source")

    values = run.values()

    assert values.keys() == {"progress", "bytes_done", "bytes_total"}
    assert values["progress"]["steps"][0] == {"name": "source", "state": "running", "detail": ""}


def test_a_chosen_credential_that_was_removed_stops_the_transfer(team):
    # Not an anonymous try, whose error would mislead.
    run = run_of(copy_row(team, needs_target_credential=True))

    with pytest.raises(Denied):
        run.target_client()
    with pytest.raises(Denied):
        run.target_login()


def test_a_credential_that_may_not_push_any_more_is_not_used(team, credential):
    row = copy_row(team, target_credential=credential, needs_target_credential=True)
    credential.can_push = False
    credential.save()

    with pytest.raises(OciError):
        run_of(Transfer.objects.get(pk=row.pk)).target_login()


def test_a_pull_without_a_credential_is_anonymous(team):
    assert run_of(transfer_row(team)).source_login() is None


def test_the_login_says_whose_credential_it_is(team, other_team, credential):
    assert login_detail(None, team) == "No login needed"
    assert login_detail(credential, team) == "Login succeeded as robot"
    assert "with the credential of the team Harbour" in login_detail(credential, other_team)


def test_the_kind_of_transfers_runs_them_with_their_role(team):
    row = transfer_row(team)

    assert isinstance(TRANSFERS, JobKind)
    assert TRANSFERS.open_run(row).job is row
    assert TRANSFERS.required_role(row) == row.required_role
