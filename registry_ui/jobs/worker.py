"""RQ job and worker classes: jobs call one function only, and runs end with their worker.

With RQ's JSON serializer, everyone who can write to Redis can name any function; `RowJob`
refuses that. Measured on RQ 3: a work horse survives a worker that was killed by SIGKILL, and
idle workers notice a dead worker only after minutes; `JobWorker` corrects both.
"""

import ctypes
import logging
import os
import signal
from typing import Any

from rq.exceptions import DeserializationError
from rq.job import Job
from rq.worker import Worker

from .worker_groups import RUN_FUNCTION

logger = logging.getLogger(__name__)

_PR_SET_PDEATHSIG = 1


def die_with_parent(parent: int) -> None:
    """Ask the kernel to kill this process when its parent ends (prctl(2))."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    # The parent may have ended before the call.
    if os.getppid() != parent:
        os._exit(1)


class RowJob(Job):
    """An RQ job that runs a row, and refuses other functions, callbacks and webhooks."""

    def _deserialize_data(self) -> None:
        super()._deserialize_data()  # type: ignore[no-untyped-call]  # RQ has no types for it
        # `_instance`: an object whose method the job would call in place of a function.
        if self._func_name != RUN_FUNCTION or self._instance is not None:
            logger.error("Job %s names an unknown function; it will not run.", self.id)
            raise DeserializationError(f"Job {self.id} names an unknown function.")

    def restore(self, raw_data: Any) -> Any:
        restored = super().restore(raw_data)
        # A callback names a function too, and a webhook an address to send data to.
        self._success_callback_name = self._failure_callback_name = self._stopped_callback_name = (
            None
        )
        self._success_callback = self._failure_callback = self._stopped_callback = None  # type: ignore[assignment]
        self.webhooks = []
        return restored


class JobWorker(Worker):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # Idle workers do maintenance, and notice a dead worker, at these intervals (seconds).
        kwargs["worker_ttl"] = 60
        kwargs["maintenance_interval"] = 30
        kwargs["serializer"] = "rq.serializers.JSONSerializer"
        super().__init__(*args, **kwargs)

    def fork_work_horse(self, job: Job, queue: Any) -> None:
        # Read before the fork: afterwards the parent may already be another process.
        self._parent_pid = os.getpid()
        super().fork_work_horse(job, queue)

    def main_work_horse(self, job: Job, queue: Any) -> None:
        die_with_parent(self._parent_pid)
        super().main_work_horse(job, queue)
