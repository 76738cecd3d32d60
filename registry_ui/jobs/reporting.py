"""A run's progress on its row, at most once a second, and the row's wish to stop brought to the run."""

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
_LOOK_SECONDS = 0.5


class Reporter:
    """A thread beside one run. It writes the row, and asks the run to stop when the row says so or is the run's no more.

    Args:
        values: the row's columns as they should be now; called from the thread.
    """

    def __init__(
        self, job: Job, values: Callable[[], dict[str, Any]], cancellation: Cancellation
    ) -> None:
        self._job = job
        self._values = values
        self._cancellation = cancellation
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._report, name="reporter", daemon=True)
        self.lost = False

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
        self._thread.join()

    def _report(self) -> None:
        try:
            wait = 0.0
            while not self._ended.wait(_LOOK_SECONDS):
                wait += _LOOK_SECONDS
                self._look()
                if wait >= _WRITE_SECONDS:
                    self._write()
                    wait = 0.0
        finally:
            connection.close()

    def _look(self) -> None:
        try:
            mine = type(self._job)._default_manager.filter(
                pk=self._job.pk, claim=self._job.claim, state=State.RUNNING
            )
            requests = list(mine.values_list("cancel_requested_at", flat=True))
        except DatabaseError:
            logger.warning(
                "%s %s: the database does not answer.", type(self._job).__name__, self._job.pk
            )
            return
        self.lost = not requests
        if self.lost or requests[0] is not None:
            self._cancellation.request()

    def _write(self) -> None:
        try:
            self._job.record(**self._values())
        except DatabaseError:
            logger.warning(
                "%s %s: its progress could not be written.", type(self._job).__name__, self._job.pk
            )
