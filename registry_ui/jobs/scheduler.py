"""The scheduler: it repeats every scheduled task in a thread of its own."""

import logging
import threading
import time
from collections.abc import Sequence

from django.core.management import call_command
from django.db import DatabaseError, close_old_connections, connection
from django.utils import timezone

from registry_ui.accounts.audit.log import Origin, acting_as
from registry_ui.accounts.models import ActorKind

from .scheduled_tasks import ScheduledTask, TaskResult, record_results, register_tasks

logger = logging.getLogger(__name__)

_RECORD_SECONDS = 10.0
_RETRY_SECONDS = 1.0
_STOP_SECONDS = 5.0
# A task that runs less often does not keep a database connection for itself.
_RARE_SECONDS = 60


class Scheduler:
    """Threads that repeat tasks, and a record of their results.

    A registry that does not answer delays only its own task. A task that fails, whatever the
    exception, is logged and runs again.
    """

    def __init__(self, tasks: Sequence[ScheduledTask]) -> None:
        self._tasks = tasks
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        # The latest success and the latest failure of each task, until they are recorded.
        self._results: dict[tuple[str, bool], TaskResult] = {}

    def stop(self) -> None:
        """Make `run` return; safe in a signal handler."""
        self._stopping.set()

    def run(self) -> None:
        """Repeat the tasks until `stop` is called."""
        threads = [
            threading.Thread(target=self._repeat, args=(task,), name=task.name, daemon=True)
            for task in self._tasks
        ]
        for thread in threads:
            thread.start()

        # At once at the start and while the database does not answer, then at the usual interval.
        is_recorded = False
        while not self._stopping.wait(_RECORD_SECONDS if is_recorded else _RETRY_SECONDS):
            is_recorded = self._record()

        # A task that takes longer ends with the process: every task is repeatable.
        deadline = time.monotonic() + _STOP_SECONDS
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _repeat(self, task: ScheduledTask) -> None:
        while True:
            # The database may have closed the connection since the last round.
            close_old_connections()
            self._run_once(task)
            if task.seconds >= _RARE_SECONDS:
                connection.close()
            if self._stopping.wait(task.seconds):
                return

    def _run_once(self, task: ScheduledTask) -> None:
        started, error = time.monotonic(), ""
        try:
            with acting_as(Origin(ActorKind.SYSTEM)):
                task.run()
        # Everything is caught: a task that a bug or a bad row stops must not stop for good.
        except Exception as exc:
            error = type(exc).__name__
            logger.exception(
                "The task %s failed; it is tried again in %d seconds.",
                task.name,
                task.seconds,
            )

        result = TaskResult(task.name, timezone.now(), time.monotonic() - started, error)
        with self._lock:
            self._results[task.name, bool(error)] = result

    def _record(self) -> bool:
        """Write the results; return whether the database has taken them."""
        with self._lock:
            results, self._results = self._results, {}

        try:
            close_old_connections()
            register_tasks(self._tasks)
            record_results(results.values())
        except DatabaseError:
            logger.warning("The results of the scheduled tasks could not be recorded.")
            # Newer results have arrived meanwhile, and stay.
            with self._lock:
                self._results = {**results, **self._results}
            return False
        return True


def delete_expired_sessions() -> None:
    call_command("clearsessions")
