"""The queue of mirror runs, whose jobs are not bound to a row."""

import uuid

import pytest

from registry_ui.jobs.kinds import JobKind
from transfers.mirrors.run_queue import MIRROR_RUNS, FairJobKind


def test_deleting_the_job_of_a_run_asks_redis_nothing(monkeypatch):
    def fail(kind):
        pytest.fail("A job of this queue belongs to no row.")

    monkeypatch.setattr(JobKind, "rq", property(fail))
    MIRROR_RUNS.delete_rq_job(uuid.uuid4())


def test_every_public_method_overrides_one_of_the_job_kind():
    own = {name for name in vars(FairJobKind) if not name.startswith("_")}
    assert own <= set(dir(JobKind))
