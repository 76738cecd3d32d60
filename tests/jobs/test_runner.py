import logging
import uuid

import pytest
from django.db import DatabaseError, OperationalError

from registry_ui.accounts.models import Membership, Role
from registry_ui.jobs import runner
from registry_ui.jobs.kinds import JOB_KINDS, JobKind
from registry_ui.jobs.models import State
from registry_ui.jobs.runner import JobRun, run_in_process, run_job
from registry_ui.oci.errors import Cancelled, RateLimited
from tests.transfers.rows import transfer_row
from transfers.models import Transfer

pytestmark = pytest.mark.django_db(transaction=True)


class ScriptedRun(JobRun):
    """A run that does what the test says."""

    title = "Scripted"
    action = None
    ended = []

    def values(self):
        return {"bytes_done": 7}

    def execute(self):
        return type(self).action(self)

    def after_end(self, state):
        type(self).ended.append(state)


@pytest.fixture
def kind(monkeypatch):
    """The only kind of jobs: transfers, run by a script."""
    kind = JobKind(
        name="scripted",
        model=Transfer,
        run_class=f"{__name__}.ScriptedRun",
        describe=str,
        url=str,
        required_role=lambda transfer: Role.OPERATOR,
        on_finished=lambda transfer: finished.append(transfer.pk),
    )
    finished = []
    monkeypatch.setattr(JOB_KINDS, "_items", [(0, kind)])
    monkeypatch.setattr(JobKind, "open_run", lambda kind, job: ScriptedRun(job, kind))
    monkeypatch.setattr(ScriptedRun, "action", lambda run: (State.SUCCEEDED, {"digest": "d"}))
    monkeypatch.setattr(ScriptedRun, "ended", [])
    return kind


def ending(kind, row):
    run_job(kind.name, str(row.pk))
    row.refresh_from_db()
    return row


def fail_with(monkeypatch, error):
    def action(run):
        raise error

    monkeypatch.setattr(ScriptedRun, "action", action)


def test_a_job_ends_with_its_progress_and_its_result(kind, team):
    row = ending(kind, transfer_row(team))

    assert (row.state, row.attempt, row.bytes_done, row.digest) == (State.SUCCEEDED, 1, 7, "d")
    assert row.finished_at is not None
    assert ScriptedRun.ended == [State.SUCCEEDED]


@pytest.mark.parametrize("state", [State.CANCELLED, State.RUNNING, State.SUCCEEDED, State.FAILED])
def test_a_job_that_does_not_wait_is_left_alone(kind, team, state):
    row = transfer_row(team)
    Transfer.objects.update(state=state)

    assert (ending(kind, row).state, row.attempt) == (state, 0)
    assert ScriptedRun.ended == []


def test_an_unknown_id_does_nothing(kind):
    run_job(kind.name, str(uuid.uuid4()))


def test_an_unknown_kind_is_refused(kind, team):
    row = transfer_row(team)
    with pytest.raises(LookupError, match="other"):
        run_job("other", str(row.pk))

    row.refresh_from_db()
    assert row.state == State.QUEUED


@pytest.mark.parametrize(
    ("error", "state", "name"),
    [
        (Cancelled("stop"), State.CANCELLED, None),
        (RateLimited("slow down"), State.FAILED, "RateLimited"),
        (OperationalError("database is locked"), State.FAILED, "DatabaseFailed"),
        (ValueError("canary-secret"), State.FAILED, "Unexpected"),
    ],
)
def test_a_failure_is_an_end_state_with_its_reason(kind, team, monkeypatch, error, state, name):
    fail_with(monkeypatch, error)

    row = ending(kind, transfer_row(team))

    assert row.state == state
    assert (row.error or {}).get("kind") == name
    assert "canary-secret" not in str(row.error)


def test_a_person_who_lost_the_role_starts_nothing(kind, team, bob):
    row = transfer_row(team, user=bob, requested_by=bob.username)
    Membership.objects.filter(user=bob).update(role=Role.VIEWER)

    row = ending(kind, row)

    assert (row.state, row.error["kind"]) == (State.FAILED, "Denied")
    assert row.digest == ""


def test_a_job_that_another_worker_has_taken_over_writes_no_end(kind, team, monkeypatch, caplog):
    other = uuid.uuid4()

    def action(run):
        Transfer.objects.filter(pk=run.job.pk).update(claim=other)
        return State.SUCCEEDED, {"digest": "late"}

    monkeypatch.setattr(ScriptedRun, "action", action)

    row = ending(kind, transfer_row(team))

    assert (row.state, row.claim, row.digest) == (State.RUNNING, other, "")
    assert ScriptedRun.ended == []


def test_an_end_that_cannot_be_written_is_left_to_the_reconciler(kind, team, monkeypatch, caplog):
    def finish(run, state, values):
        raise DatabaseError("gone")

    monkeypatch.setattr(ScriptedRun, "finish", finish)
    with caplog.at_level(logging.ERROR):
        row = ending(kind, transfer_row(team))

    assert row.state == State.RUNNING
    assert "its end could not be written" in caplog.text
    assert ScriptedRun.ended == []


def test_a_run_in_this_process_returns_the_row_in_its_end_state(kind, team):
    row = transfer_row(team)

    assert run_in_process(kind, row).state == State.SUCCEEDED
    # A second one finds that the row has ended.
    assert run_in_process(kind, row).attempt == 1


def test_the_name_of_a_worker_tells_the_machine_and_the_process(monkeypatch):
    monkeypatch.setattr("socket.gethostname", lambda: "build-1")
    monkeypatch.setattr("os.getpid", lambda: 42)

    assert runner.worker_name() == "build-1:42"
