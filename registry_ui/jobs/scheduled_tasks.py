"""Tasks that the scheduler repeats, and the record of their results."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from django.db import DatabaseError, transaction
from django.db.models import Model
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from redis.exceptions import RedisError

from registry_ui.web.extension import Extension
from registry_ui.web.health import HealthPart

from .models import TaskState

logger = logging.getLogger(__name__)

R = TypeVar("R", bound=Model)

# A task may fail or be slow twice in a row without being late.
_ALLOWED_INTERVALS = 3
# Results are recorded every few seconds only, and a locked database takes some more.
MIN_ALLOWED_AGE = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class ScheduledTask:
    """Work that the scheduler repeats. It must be safe from several schedulers at once.

    Args:
        function: the path of the function, which only the scheduler imports. An exception is
            logged, and the task runs again after the interval.
        title: its name on the administration page.
        seconds: the time between the end of one run and the start of the next.
    """

    function: str
    title: str | Promise
    seconds: int

    @property
    def name(self) -> str:
        """The key of its state, and its name in the metrics and at `/healthz`."""
        return self.function.rpartition(".")[2]

    @property
    def interval(self) -> timedelta:
        return timedelta(seconds=self.seconds)

    def run(self) -> None:
        import_string(self.function)()

    @property
    def allowed_age(self) -> timedelta:
        """The age of the last success at which the task is late."""
        return max(_ALLOWED_INTERVALS * self.interval, MIN_ALLOWED_AGE)


SCHEDULED_TASKS: Extension[ScheduledTask] = Extension()


def run_for_each(rows: Iterable[R], run: Callable[[R], int]) -> int:
    """Call a function for each row and return the sum of its results.

    A bad row, such as one with an unknown time zone, is logged and does not stop the others.

    Raises:
        DatabaseError, RedisError: it would meet every row.
    """
    total = 0
    for row in rows:
        try:
            total += run(row)
        except (DatabaseError, RedisError):
            raise
        except Exception:
            logger.exception(
                "The %s %s failed; the other rows go on.", row._meta.verbose_name, row.pk
            )
    return total


@dataclass(frozen=True, slots=True)
class TaskReport:
    """A task with its recorded results, as pages and metrics show it.

    Args:
        state: None before the first result of any scheduler.
    """

    task: ScheduledTask
    state: TaskState | None
    now: datetime

    @property
    def interval(self) -> str:
        seconds = self.task.seconds
        for unit_seconds, text in ((3600, _("%(n)s h")), (60, _("%(n)s min"))):
            if seconds % unit_seconds == 0:
                return text % {"n": seconds // unit_seconds}
        return _("%(n)s s") % {"n": seconds}

    @property
    def last_success_at(self) -> datetime | None:
        return self.state.last_success_at if self.state else None

    @property
    def is_late(self) -> bool:
        """Return whether the task has not succeeded for three intervals."""
        if self.state is None:
            return True
        since = self.state.last_success_at or self.state.registered_at
        return self.now - since > self.task.allowed_age

    @property
    def has_failed(self) -> bool:
        """Return whether the latest run failed."""
        state = self.state
        if state is None or state.last_failure_at is None:
            return False
        return state.last_success_at is None or state.last_success_at < state.last_failure_at


def task_reports() -> list[TaskReport]:
    """Return a report for each task, in the order of the apps."""
    states = TaskState.objects.in_bulk()
    now = timezone.now()
    return [TaskReport(task, states.get(task.name), now) for task in SCHEDULED_TASKS]


def check_scheduler() -> HealthPart:
    """Report the last success of each task, and whether one of them is late."""
    reports = task_reports()
    tasks = {
        report.task.name: {
            "last_success": report.last_success_at.isoformat() if report.last_success_at else None,
            "late": report.is_late,
        }
        for report in reports
    }
    is_ok = not any(report.is_late for report in reports)
    return HealthPart("scheduler", is_ok, {"tasks": tasks})


@dataclass(frozen=True, slots=True)
class TaskResult:
    """The result of one run.

    Args:
        error: the name of the exception's class, never its text; empty for a success.
    """

    name: str
    ended_at: datetime
    seconds: float
    error: str = ""


def register_tasks(tasks: Iterable[ScheduledTask]) -> None:
    """Add the states of new tasks, and delete those of tasks that no longer exist."""
    names = {task.name for task in tasks}
    known = set(TaskState.objects.values_list("name", flat=True))
    # Two schedulers may start at the same moment.
    TaskState.objects.bulk_create(
        [TaskState(name=name) for name in sorted(names - known)], ignore_conflicts=True
    )
    if known - names:
        TaskState.objects.exclude(name__in=names).delete()


@transaction.atomic
def record_results(results: Iterable[TaskResult]) -> None:
    """Record results; an older one never replaces a newer one of another scheduler."""
    for result in results:
        rows = TaskState.objects.filter(name=result.name)
        column = "last_failure_at" if result.error else "last_success_at"
        values: dict[str, object] = {column: result.ended_at, "seconds": result.seconds}
        if result.error:
            values["last_error"] = result.error[:100]
        rows.exclude(**{f"{column}__gte": result.ended_at}).update(**values)
