"""A run's progress on its row, at most once a second, and the row's wish to stop brought to the run."""

import logging
import threading
from types import TracebackType
from typing import Any, Self

from django.db import DatabaseError, connection

from registry_ui.oci.progress import Progress
from registry_ui.oci.store import Cancellation

from .models import State, Transfer

logger = logging.getLogger(__name__)

_WRITE_SECONDS = 1.0
_LOOK_SECONDS = 0.5


class Steps:
    """The named steps of a push or publish: waiting, running, done or failed, each with a word on how it went."""

    def __init__(self, *names: str) -> None:
        self._steps = {name: {"name": name, "state": "waiting", "detail": ""} for name in names}

    def begin(self, name: str) -> None:
        self._steps[name]["state"] = "running"

    def complete(self, name: str, detail: str = "") -> None:
        self._steps[name].update(state="done", detail=detail)

    def fail_running(self) -> None:
        for step in self._steps.values():
            if step["state"] == "running":
                step["state"] = "failed"

    def as_list(self) -> list[dict[str, str]]:
        return [dict(step) for step in self._steps.values()]


class Reporter:
    """A thread beside one run. It writes the row, and asks the run to stop when the row says so or is the run's no more."""

    def __init__(self, transfer: Transfer, progress: Progress, steps: Steps, cancellation: Cancellation) -> None:
        self._transfer = transfer
        self._progress = progress
        self._steps = steps
        self._cancellation = cancellation
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._report, name="reporter", daemon=True)
        self.lost = False

    def values(self) -> dict[str, Any]:
        """The row's columns as they should be now."""
        done, total = self._progress.totals()
        return {
            "progress": {**self._progress.snapshot(), "steps": self._steps.as_list()},
            "bytes_done": done,
            "bytes_total": total,
        }

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
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
            mine = Transfer.objects.filter(pk=self._transfer.pk, claim=self._transfer.claim, state=State.RUNNING)
            requests = list(mine.values_list("cancel_requested_at", flat=True))
        except DatabaseError:
            logger.warning("Transfer %s: the database does not answer.", self._transfer.pk)
            return
        self.lost = not requests
        if self.lost or requests[0] is not None:
            self._cancellation.request()

    def _write(self) -> None:
        try:
            self._transfer.record(**self.values())
        except DatabaseError:
            logger.warning("Transfer %s: its progress could not be written.", self._transfer.pk)
