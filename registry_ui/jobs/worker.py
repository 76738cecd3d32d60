"""How RQ runs here: jobs that may call listed functions only, and workers whose work dies with them.

RQ's JSON serializer still lets whoever can write to Redis name any function; a job class that knows its functions does
not. Measured on RQ 3: a work horse outlives a worker killed by SIGKILL, and idle workers notice a dead colleague only
after minutes; the settings below mend both.
"""

import ctypes
import logging
import os
import signal
from typing import Any

from rq.exceptions import DeserializationError
from rq.job import Job
from rq.worker import Worker

logger = logging.getLogger(__name__)

LISTED_FUNCTIONS = frozenset(
    {
        "transfers.jobs.run_transfer",
        "transfers.jobs.run_mirror",
        "transfers.jobs.send_notice",
        "registry_ui.registries.jobs.run_index",
    }
)

_PR_SET_PDEATHSIG = 1


def die_with_parent(parent: int) -> None:
    """Ask the kernel for SIGKILL when the parent process ends (prctl(2)); end at once where it has ended already."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


class ListedJob(Job):
    """A job that refuses every function but the listed ones, and every callback and webhook."""

    def _deserialize_data(self) -> None:
        super()._deserialize_data()
        if self._func_name not in LISTED_FUNCTIONS or self._instance is not None:
            logger.error("Job %s names a function that is not listed; it will not run.", self.id)
            raise DeserializationError(f"Job {self.id} names a function that is not listed.")

    def restore(self, raw_data: Any) -> Any:
        restored = super().restore(raw_data)
        self._success_callback_name = self._failure_callback_name = self._stopped_callback_name = (
            None
        )
        self._success_callback = self._failure_callback = self._stopped_callback = None  # type: ignore[assignment]
        self.webhooks = []
        return restored


class JobWorker(Worker):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["worker_ttl"] = 60
        kwargs["maintenance_interval"] = 30
        kwargs["serializer"] = "rq.serializers.JSONSerializer"
        super().__init__(*args, **kwargs)

    def fork_work_horse(self, job: Job, queue: Any) -> None:
        self._parent_pid = os.getpid()
        super().fork_work_horse(job, queue)

    def main_work_horse(self, job: Job, queue: Any) -> None:
        die_with_parent(self._parent_pid)
        super().main_work_horse(job, queue)
