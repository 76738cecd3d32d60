"""Progress of a run: written to its row at most once a second. Also stops a cancelled run."""

import logging
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from django.db import DatabaseError, connection

from registry_ui.oci.store import Cancellation

from .models import Job, State

logger = logging.getLogger(__name__)

_WRITE_SECONDS = 1.0
_POLL_SECONDS = 0.5


class Reporter:
    """A thread beside one run that writes progress to the row.

    It stops the run if somebody has cancelled the row, or if another run has claimed it.

    Args:
        values: returns the current values of the row's columns; called in the thread.
    """

    def __init__(
        self, job: Job, values: Callable[[], dict[str, Any]], cancellation: Cancellation
    ) -> None:
        self._job = job
        self._values = values
        self._cancellation = cancellation
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._report, name="reporter", daemon=True)
        self.has_lost_claim = False

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        # The last write of the thread must not come after the end state.
        self._thread.join()

    def _report(self) -> None:
        try:
            wait = 0.0
            # Cancellation is polled twice a second, progress written once.
            while not self._ended.wait(_POLL_SECONDS):
                wait += _POLL_SECONDS
                self._check_cancellation()
                if wait >= _WRITE_SECONDS:
                    self._write()
                    wait = 0.0
        finally:
            # Each thread has a database connection of its own, which Django does not close here.
            connection.close()

    def _check_cancellation(self) -> None:
        try:
            own_row = type(self._job)._default_manager.filter(
                pk=self._job.pk, claim=self._job.claim, state=State.RUNNING
            )
            requests = list(own_row.values_list("cancel_requested_at", flat=True))
        except DatabaseError:
            logger.warning(
                "%s %s: the database does not answer.", type(self._job).__name__, self._job.pk
            )
            return

        # No row: the reconciler believed this worker to be dead and gave the job to another one.
        self.has_lost_claim = not requests
        if self.has_lost_claim or requests[0] is not None:
            self._cancellation.request()

    def _write(self) -> None:
        try:
            self._job.record(**self._values())
        except DatabaseError:
            logger.warning(
                "%s %s: its progress could not be written.", type(self._job).__name__, self._job.pk
            )
