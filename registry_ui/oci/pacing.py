"""When to try again, and how long the whole client keeps still before it does."""

import datetime
import email.utils
import random
import threading
import time
from collections.abc import Callable, Mapping

from .connections import Limits
from .errors import OciError, RateLimited
from .store import Cancellation

OnPause = Callable[[float, str], None]
_STEEPEST_PAUSE = 30.0


class Pacer:
    """The pauses of one client: while one request waits, no other of this client starts.

    Args:
        on_pause: told the seconds and the reason of each pause, from the thread that pauses.
    """

    def __init__(
        self, limits: Limits, cancellation: Cancellation, on_pause: OnPause | None = None
    ) -> None:
        self.limits = limits
        self._cancellation = cancellation
        self._on_pause = on_pause
        self._lock = threading.Lock()
        self._until = 0.0

    def wait_turn(self) -> None:
        """Return when no pause holds.

        Raises:
            Cancelled.
        """
        while (left := self._until - time.monotonic()) > 0:
            self._cancellation.wait(left)
        self._cancellation.check()

    def pause(self, seconds: float, reason: str) -> None:
        """Hold every request of this client for some seconds.

        Raises:
            Cancelled.
        """
        with self._lock:
            self._until = max(self._until, time.monotonic() + seconds)
        if self._on_pause is not None:
            self._on_pause(seconds, reason)
        self.wait_turn()


class Attempts:
    """The tries of one call that may be repeated: bounded in number and in time."""

    def __init__(self, pacer: Pacer, *, tries: int | None = None) -> None:
        self._pacer = pacer
        self._left = pacer.limits.tries if tries is None else tries
        self._made = 0
        self._paused = 0.0

    def fail(self, error: OciError) -> None:
        """Return when it is time to try again.

        Raises:
            OciError: `error` itself, when it is not temporary, the tries are used up, or the wait would be too long.
        """
        limits = self._pacer.limits
        self._left -= 1
        pause = self._next_pause(error)
        if (
            not error.temporary
            or self._left <= 0
            or pause > limits.longest_pause
            or self._paused + pause > limits.all_pauses
        ):
            raise error
        self._made += 1
        self._paused += pause
        self._pacer.pause(pause, error.message)

    def progressed(self) -> None:
        """Something moved since the last failure: count from the beginning."""
        self._left, self._made, self._paused = self._pacer.limits.tries, 0, 0.0

    def _next_pause(self, error: OciError) -> float:
        if error.retry_after is not None:
            return max(0.0, error.retry_after) + random.uniform(0, 0.25)  # noqa: S311
        longest: float = min(self._pacer.limits.first_pause * 2**self._made, _STEEPEST_PAUSE)
        if isinstance(error, RateLimited):
            longest *= 4
        return longest * random.uniform(0.5, 1.0)  # noqa: S311


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds that a Retry-After header asks for, given as a number or as a date; None where there is none."""
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit() and len(text) < 10:
        return float(text)
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    return max(0.0, (moment - datetime.datetime.now(datetime.UTC)).total_seconds())
