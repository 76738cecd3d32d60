from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone

from registry_ui.jobs.models import TaskState
from registry_ui.jobs.scheduled_tasks import (
    MIN_ALLOWED_AGE,
    SCHEDULED_TASKS,
    ScheduledTask,
    TaskReport,
    TaskResult,
    check_scheduler,
    record_results,
    register_tasks,
    run_for_each,
    task_reports,
)
from registry_ui.registries.models import Registry

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]

HOURLY = ScheduledTask("somewhere.clean_up", "Clean up", 3600)
FREQUENT = ScheduledTask("somewhere.look", "Look", 5)


@pytest.fixture
def tasks(monkeypatch):
    monkeypatch.setattr(SCHEDULED_TASKS, "_items", [(0, HOURLY), (0, FREQUENT)])
    register_tasks([HOURLY, FREQUENT])


def success(task, age=timedelta()):
    return TaskResult(task.name, timezone.now() - age, 0.1)


def failure(task, age=timedelta()):
    return TaskResult(task.name, timezone.now() - age, 0.1, "ValueError")


def late_tasks():
    return [report.task.name for report in task_reports() if report.is_late]


def test_every_task_of_the_product_has_a_function_and_a_name_of_its_own():
    from django.utils.module_loading import import_string

    tasks = list(SCHEDULED_TASKS)

    assert all(callable(import_string(task.function)) for task in tasks)
    assert len({task.name for task in tasks}) == len(tasks) >= 13


def test_without_any_scheduler_every_task_is_late(monkeypatch):
    monkeypatch.setattr(SCHEDULED_TASKS, "_items", [(0, HOURLY)])

    part = check_scheduler()

    assert not part.is_ok
    assert part.details == {"tasks": {"clean_up": {"last_success": None, "late": True}}}


def test_a_new_task_has_three_intervals_for_its_first_success(tasks):
    assert late_tasks() == []

    TaskState.objects.update(registered_at=timezone.now() - timedelta(hours=3, seconds=1))

    assert late_tasks() == ["clean_up", "look"]


@pytest.mark.parametrize(
    ("task", "age", "is_late"),
    [
        (HOURLY, timedelta(hours=2, minutes=59), False),
        (HOURLY, timedelta(hours=3, minutes=1), True),
        (FREQUENT, MIN_ALLOWED_AGE - timedelta(seconds=5), False),
        (FREQUENT, MIN_ALLOWED_AGE + timedelta(seconds=1), True),
    ],
)
def test_a_task_is_late_after_three_intervals(tasks, task, age, is_late):
    record_results([success(HOURLY), success(FREQUENT)])
    TaskState.objects.filter(name=task.name).update(last_success_at=timezone.now() - age)

    assert late_tasks() == ([task.name] if is_late else [])
    assert check_scheduler().is_ok is not is_late


@pytest.mark.parametrize(
    ("seconds", "text"), [(5, "5 s"), (60, "1 min"), (90, "90 s"), (3600, "1 h"), (7200, "2 h")]
)
def test_an_interval_is_a_whole_number_of_one_unit(seconds, text):
    task = ScheduledTask("somewhere.look", "Look", seconds)

    assert TaskReport(task, None, timezone.now()).interval == text


def test_failures_do_not_hide_that_a_task_is_late(tasks):
    record_results([success(FREQUENT, timedelta(minutes=1)), failure(FREQUENT), success(HOURLY)])

    report = task_reports()[1]
    assert (report.is_late, report.has_failed) == (True, True)
    assert report.state.last_error == "ValueError"

    record_results([success(FREQUENT)])
    assert not task_reports()[1].has_failed


def test_an_older_result_of_another_scheduler_changes_nothing(tasks):
    newest = success(HOURLY)
    record_results([newest])
    record_results([success(HOURLY, timedelta(minutes=5))])

    assert TaskState.objects.get(name=HOURLY.name).last_success_at == newest.ended_at


def test_a_task_that_is_gone_is_forgotten_and_the_others_keep_their_results(tasks):
    record_results([success(HOURLY)])

    register_tasks([HOURLY])

    assert TaskState.objects.get().last_success_at is not None


def test_a_bad_row_does_not_stop_the_others(team, caplog):
    rows = list(Registry.objects.filter(team=team))
    bad = rows[0]

    def run(row):
        if row == bad:
            raise ValueError("canary")
        return 1

    assert run_for_each(rows, run) == len(rows) - 1
    assert f"registry {bad.pk} failed" in caplog.text


def test_a_database_that_fails_stops_the_task(team):
    def run(row):
        raise OperationalError("gone")

    with pytest.raises(OperationalError):
        run_for_each(Registry.objects.filter(team=team), run)
