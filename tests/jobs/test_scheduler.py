import threading

import pytest
from django.db import DatabaseError

from registry_ui.jobs import scheduler as scheduler_module
from registry_ui.jobs.models import TaskState
from registry_ui.jobs.scheduled_tasks import ScheduledTask
from registry_ui.jobs.scheduler import Scheduler
from tests.parts.processes import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

CALLS = {"works": 0, "fails": 0}
HELD = threading.Event()


def works():
    CALLS["works"] += 1


def fails():
    CALLS["fails"] += 1
    raise SystemError("canary-secret")


def hangs():
    HELD.wait(30)


@pytest.fixture
def run(monkeypatch):
    """Run a scheduler until a condition is true; every interval is 20 ms."""
    monkeypatch.setattr(scheduler_module, "_RECORD_SECONDS", 0.05)
    monkeypatch.setattr(scheduler_module, "_RETRY_SECONDS", 0.05)
    monkeypatch.setattr(scheduler_module, "_STOP_SECONDS", 1.0)
    CALLS.update(works=0, fails=0)
    HELD.clear()

    def run(names, until):
        tasks = [ScheduledTask(f"{__name__}.{name}", name, 0.02) for name in names]
        scheduler = Scheduler(tasks)
        thread = threading.Thread(target=scheduler.run)
        thread.start()
        try:
            wait_until(until, seconds=20, what="the scheduler")
        finally:
            HELD.set()
            scheduler.stop()
            thread.join()

    return run


def state(name):
    return TaskState.objects.filter(name=name).first()


def test_a_task_that_fails_is_repeated_and_recorded_without_its_text(run, caplog):
    run(
        ["works", "fails"],
        lambda: CALLS["fails"] > 2 and state("fails") and state("fails").last_failure_at,
    )

    assert (state("fails").last_success_at, state("fails").last_error) == (None, "SystemError")
    assert CALLS["works"] > 1
    assert "The task fails failed" in caplog.text


def test_a_task_that_hangs_delays_no_other(run):
    run(["hangs", "works"], lambda: state("works") and state("works").last_success_at)

    assert CALLS["works"] > 0


def test_results_are_recorded_once_the_database_answers(run, monkeypatch):
    real, failures = scheduler_module.register_tasks, []

    def register(tasks):
        if len(failures) < 3:
            failures.append(1)
            raise DatabaseError("gone")
        real(tasks)

    monkeypatch.setattr(scheduler_module, "register_tasks", register)

    run(["works"], lambda: state("works") and state("works").last_success_at)

    assert len(failures) == 3
