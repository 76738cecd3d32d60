import json
import uuid

import pytest
from redis.exceptions import ConnectionError as RedisDown

from registry_ui.jobs.kinds import JOB_KINDS, JobKind, find_kind
from registry_ui.jobs.models import State
from registry_ui.jobs.worker_groups import QUEUES, RUN_FUNCTION
from tests.transfers.rows import transfer_row
from transfers.models import Transfer
from transfers.queues import TRANSFERS

pytestmark = pytest.mark.django_db


@pytest.fixture
def no_redis(monkeypatch):
    class Queue:
        def __getattr__(self, name):
            raise RedisDown("refused")

    monkeypatch.setattr(JobKind, "rq", property(lambda kind: Queue()))


@pytest.mark.parametrize("kind", list(JOB_KINDS), ids=lambda kind: kind.name)
def test_every_kind_has_a_run_and_workers_that_serve_its_queue(kind):
    row = kind.model(pk=uuid.uuid4())

    assert find_kind(kind.name) is kind
    assert kind.name in QUEUES
    assert kind.open_run.__func__ is JobKind.open_run
    assert isinstance(row.pk, uuid.UUID)


def test_the_four_kinds_have_names_of_their_own():
    names = [kind.name for kind in JOB_KINDS]

    assert sorted(names) == ["index", "mirrors", "notices", "transfers"]


def test_a_queued_job_carries_the_kind_and_the_id_only(team):
    row = transfer_row(team)

    assert TRANSFERS.enqueue(row)

    job = TRANSFERS.rq.fetch_job(str(row.pk))
    assert (job.func_name, job.args) == (RUN_FUNCTION, ["transfers", str(row.pk)])
    assert json.loads(json.dumps(job.kwargs)) == {}
    assert TRANSFERS.queued_ids() == {str(row.pk)}


def test_without_redis_a_job_waits_in_its_row(team, no_redis):
    row = transfer_row(team)

    assert not TRANSFERS.enqueue(row)
    row.refresh_from_db()
    assert row.state == State.QUEUED


def test_a_queued_job_is_cancelled_at_once_and_leaves_the_queue(team):
    row = transfer_row(team)
    TRANSFERS.enqueue(row)

    assert TRANSFERS.cancel(row, reason={"kind": "AccessRevoked"})

    row.refresh_from_db()
    assert (row.state, row.error) == (State.CANCELLED, {"kind": "AccessRevoked"})
    assert TRANSFERS.queued_ids() == set()
    # A second request changes nothing.
    assert not TRANSFERS.cancel(row)


def test_a_running_job_is_asked_to_stop_once(team):
    row = transfer_row(team)
    Transfer.claim_for_run(row.pk, "worker")

    assert TRANSFERS.cancel(row)
    assert not TRANSFERS.cancel(row)

    row.refresh_from_db()
    assert row.state == State.RUNNING
    assert row.cancel_requested_at is not None


def test_a_queue_without_workers_names_the_command_that_starts_one():
    assert "manage.py rqworker transfers" in TRANSFERS.problem()
    assert TRANSFERS.count_workers() == 0
