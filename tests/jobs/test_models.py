"""Tests of claims: one worker claims a row, and only that worker writes it."""

import pytest

from tests.parts.error_texts import stored_error
from tests.transfers.rows import transfer_row
from transfers.models import State, Transfer

pytestmark = pytest.mark.django_db


def test_a_job_is_claimed_by_one_worker(team):
    row = transfer_row(team)

    first, second = (Transfer.claim_for_run(row.pk, name) for name in ("first", "second"))

    assert second is None
    row.refresh_from_db()
    assert (row.worker, row.claim, row.attempt) == ("first", first.claim, 1)


def test_a_worker_that_lost_its_claim_writes_nothing(team):
    row = transfer_row(team)
    dead = Transfer.claim_for_run(row.pk, "dead")
    Transfer.objects.filter(pk=row.pk).update(state=State.QUEUED, claim=None)
    successor = Transfer.claim_for_run(row.pk, "successor")

    assert not dead.record(bytes_done=1)
    assert not dead.finish(State.FAILED, error=stored_error("Too late."))

    row.refresh_from_db()
    assert (row.state, row.claim, row.bytes_done) == (State.RUNNING, successor.claim, 0)
    assert row.error is None
    assert successor.record(bytes_done=2)
    assert successor.finish(State.SUCCEEDED)
