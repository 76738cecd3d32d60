from dataclasses import fields
from datetime import timedelta

import pytest
from django.utils import timezone

from registry_ui.jobs.kinds import JobKind
from registry_ui.jobs.reconciler import HEARTBEAT_TIMEOUT, reconcile
from tests.transfers.rows import transfer_row
from transfers.models import State, Transfer
from transfers.queues import TRANSFERS

pytestmark = pytest.mark.django_db


def values_of(kind):
    return {field.name: getattr(kind, field.name) for field in fields(kind)}


def silent_run(team, *, attempt=1, **values):
    """Return a running row without a recent heartbeat, as its worker has it."""
    run = Transfer.claim_for_run(transfer_row(team).pk, "slow")
    silent_since = timezone.now() - HEARTBEAT_TIMEOUT - timedelta(seconds=1)
    Transfer.objects.filter(pk=run.pk).update(heartbeat_at=silent_since, attempt=attempt, **values)
    return run


@pytest.mark.parametrize("values", [{}, {"attempt": 99}, {"cancel_requested_at": timezone.now()}])
def test_a_row_with_a_new_heartbeat_is_not_changed(team, values):
    """Let the worker of the older row write while the newer one is enqueued again."""
    alive = silent_run(team, **values)
    silent_run(team)

    class SlowKind(JobKind):
        def enqueue(self, row):
            assert row.pk != alive.pk
            assert alive.record(bytes_done=1)
            return super().enqueue(row)

    result = reconcile(SlowKind(**values_of(TRANSFERS)))

    alive.refresh_from_db()
    assert (result.requeued, result.ended) == (1, 0)
    assert (alive.state, alive.worker, alive.bytes_done) == (State.RUNNING, "slow", 1)
