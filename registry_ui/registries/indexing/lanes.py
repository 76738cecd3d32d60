"""Threads that ask a registry, for one thread that decides what to ask and writes what was answered."""

import queue
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from registry_ui.oci.errors import OciError
from registry_ui.oci.store import Cancellation

# A client keeps 64 connections open: this many at a time leave room for redirects to a storage.
LANES = 32
_LOOK_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of a question: a result, or the error that the client raised."""

    question: Any
    result: Any = None
    error: OciError | None = None


class Lanes:
    """At most `count` questions are asked at a time; the answers come back in batches. For one asking thread."""

    def __init__(self, cancellation: Cancellation, count: int = LANES) -> None:
        self._cancellation = cancellation
        self._executor = ThreadPoolExecutor(count, thread_name_prefix="index-lane")
        self._answers: queue.SimpleQueue[Answered | BaseException] = queue.SimpleQueue()
        self.open = 0

    def ask(self, question: object, act: Callable[[], object]) -> None:
        """
        Args:
            question: comes back with the answer.
            act: called on a thread; touches no database.
        """
        self.open += 1
        self._executor.submit(self._answer, question, act)

    def collect(self, *, most: int, seconds: float) -> list[Answered]:
        """Answers: `most` of them, or those of `seconds`, or all that are still to come; whatever is first.

        Raises:
            Cancelled
        """
        answers: list[Answered] = []
        deadline = time.monotonic() + seconds
        while self.open and len(answers) < most and (not answers or time.monotonic() < deadline):
            self._cancellation.check()
            try:
                answer = self._answers.get(timeout=_LOOK_SECONDS)
            except queue.Empty:
                continue
            self.open -= 1
            if isinstance(answer, BaseException):
                raise answer
            answers.append(answer)
        self._cancellation.check()
        return answers

    def _answer(self, question: object, act: Callable[[], object]) -> None:
        try:
            self._answers.put(Answered(question, act()))
        except OciError as exc:
            self._answers.put(Answered(question, error=exc))
        except BaseException as exc:
            # A fault of ours: it ends the run from the thread that collects.
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
        self._executor.shutdown(cancel_futures=True)
