"""Threads that send requests to a registry for the one thread that writes the answers."""

import queue
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from registry_ui.oci.errors import OciError
from registry_ui.oci.store import Cancellation

# A client keeps 64 connections open. Half of them remain for redirects to a storage.
MAX_REQUESTS = 32
_POLL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Answer:
    """A finished request with its result, or with the error that the client raised."""

    request: Any
    result: Any = None
    error: OciError | None = None


class RequestPool:
    """At most `count` concurrent requests, answered in batches to one submitting thread."""

    def __init__(self, cancellation: Cancellation, count: int = MAX_REQUESTS) -> None:
        self._cancellation = cancellation
        self._executor = ThreadPoolExecutor(count, thread_name_prefix="index-request")
        self._answers: queue.SimpleQueue[Answer | BaseException] = queue.SimpleQueue()
        self.pending = 0

    def submit(self, request: object, call: Callable[[], object]) -> None:
        """Run `call` on a thread.

        Args:
            request: identifies the answer, which carries it.
            call: must not use the database, whose connection belongs to the submitting thread.
        """
        self.pending += 1
        self._executor.submit(self._run, request, call)

    def collect(self, *, most: int, seconds: float) -> list[Answer]:
        """Return at most `most` answers, after `seconds` or when no request is pending.

        Raises:
            Cancelled
        """
        answers: list[Answer] = []
        deadline = time.monotonic() + seconds

        while self.pending and len(answers) < most:
            if answers and time.monotonic() >= deadline:
                break
            # A short timeout, so that a cancellation is noticed while a registry is slow.
            self._cancellation.check()
            try:
                answer = self._answers.get(timeout=_POLL_SECONDS)
            except queue.Empty:
                continue
            self.pending -= 1
            if isinstance(answer, BaseException):
                raise answer
            answers.append(answer)

        self._cancellation.check()
        return answers

    def _run(self, request: object, call: Callable[[], object]) -> None:
        try:
            self._answers.put(Answer(request, call()))
        except OciError as exc:
            self._answers.put(Answer(request, error=exc))
        except BaseException as exc:
            # A bug: it has to fail the run, so `collect` raises it in the submitting thread.
            self._answers.put(exc)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            self._cancellation.request()
        # Pending requests are dropped; running ones end by the cancellation.
        self._executor.shutdown(cancel_futures=True)
