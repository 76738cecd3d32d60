import threading
import uuid

import pytest
from django.db import DatabaseError
from django.utils import timezone

from registry_ui.jobs import reporter as reporter_module
from registry_ui.jobs.models import Job, State
from registry_ui.jobs.reporter import Reporter
from registry_ui.oci.store import Cancellation
from tests.parts.processes import wait_until
from tests.transfers.rows import transfer_row
from transfers.models import Transfer

# The reporter's thread has a connection of its own, which sees committed rows only.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def job(team, monkeypatch):
    """A claimed transfer; its reporter looks every 10 ms and writes every 20."""
    monkeypatch.setattr(reporter_module, "_POLL_SECONDS", 0.01)
    monkeypatch.setattr(reporter_module, "_WRITE_SECONDS", 0.02)
    return Transfer.claim_for_run(transfer_row(team).pk, "worker")


def stored(job):
    return Transfer.objects.get(pk=job.pk)


def test_progress_and_a_sign_of_life_are_written_while_it_runs(job):
    before = stored(job).heartbeat_at

    with Reporter(job, lambda: {"bytes_done": 42}, Cancellation()):
        wait_until(lambda: stored(job).bytes_done == 42, seconds=20, what="the progress")

    assert stored(job).heartbeat_at > before


def test_nothing_is_written_after_the_end(job):
    values = {"bytes_done": 1}
    with Reporter(job, lambda: values, Cancellation()):
        wait_until(lambda: stored(job).bytes_done == 1, seconds=20, what="the progress")
    values["bytes_done"] = 2

    assert not any(thread.name == "reporter" for thread in threading.enumerate())
    assert stored(job).bytes_done == 1


def test_a_cancelled_row_stops_the_run(job):
    cancellation = Cancellation()
    with Reporter(job, dict, cancellation) as reporter:
        Transfer.objects.update(cancel_requested_at=timezone.now())
        wait_until(lambda: cancellation.requested, seconds=20, what="the cancellation")

    assert not reporter.has_lost_claim


def test_a_row_of_another_worker_stops_the_run_and_stays_as_it_is(job):
    cancellation, other = Cancellation(), uuid.uuid4()
    with Reporter(job, lambda: {"bytes_done": 9}, cancellation) as reporter:
        Transfer.objects.update(claim=other, bytes_done=5)
        wait_until(lambda: cancellation.requested, seconds=20, what="the cancellation")

    assert reporter.has_lost_claim
    assert (stored(job).claim, stored(job).bytes_done) == (other, 5)


def test_a_database_that_fails_for_a_moment_stops_nothing(job, monkeypatch):
    failures, real = [], Job.record

    def record(row, **values):
        if len(failures) < 2:
            failures.append(1)
            raise DatabaseError("locked")
        return real(row, **values)

    monkeypatch.setattr(Job, "record", record)
    cancellation = Cancellation()
    with Reporter(job, lambda: {"bytes_done": 3}, cancellation):
        wait_until(lambda: stored(job).bytes_done == 3, seconds=20, what="the progress")

    assert not cancellation.requested
    assert stored(job).state == State.RUNNING
