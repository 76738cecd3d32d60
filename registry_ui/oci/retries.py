"""The retries of requests, and the pauses of a whole client between them."""

import datetime
import email.utils
import random
import threading
import time
from collections.abc import Callable, Mapping

from .connections import Limits
from .errors import OciError, RateLimited
from .store import Cancellation

OnPause = Callable[[float, OciError], None]

# Doubling stops here; a longer pause is taken only where the registry asks for it.
_LONGEST_BACKOFF = 30.0


class Pacer:
    """The pauses of one client: while one request waits, no other request of it starts.

    Args:
        on_pause: called with the seconds and the reason of each pause, in the pausing thread.
    """

    def __init__(
        self, limits: Limits, cancellation: Cancellation, on_pause: OnPause | None = None
    ) -> None:
        self.limits = limits
        self._cancellation = cancellation
        self._on_pause = on_pause
        self._lock = threading.Lock()
        self._resume_at = 0.0

    def wait_turn(self) -> None:
        """Return when no pause holds.

        Raises:
            Cancelled
        """
        # A loop, because another thread may have lengthened the pause.
        while (left := self._resume_at - time.monotonic()) > 0:
            self._cancellation.wait(left)
        self._cancellation.check()

    def pause(self, seconds: float, reason: OciError) -> None:
        """Hold every request of this client for some seconds.

        Raises:
            Cancelled
        """
        # The whole client pauses, because the limit of a registry counts all requests.
        with self._lock:
            self._resume_at = max(self._resume_at, time.monotonic() + seconds)
        if self._on_pause is not None:
            self._on_pause(seconds, reason)
        self.wait_turn()


class Attempts:
    """The retries of one call: bounded in number and in time.

    Args:
        tries: the most requests; None for the limits' usual number.
    """

    def __init__(self, pacer: Pacer, *, tries: int | None = None) -> None:
        self._pacer = pacer
        self._left = pacer.limits.tries if tries is None else tries
        self._pauses = 0
        self._paused = 0.0

    def fail(self, error: OciError) -> None:
        """Return when it is time to try again.

        Raises:
            OciError: `error` itself, when it is not temporary, the tries are used up, or the wait
                would be too long.
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

        self._pauses += 1
        self._paused += pause
        self._pacer.pause(pause, error)

    def progressed(self) -> None:
        """Start counting again, because bytes arrived since the last failure."""
        self._left, self._pauses, self._paused = self._pacer.limits.tries, 0, 0.0

    def _next_pause(self, error: OciError) -> float:
        # The registry's own number counts, plus some jitter.
        if error.retry_after is not None:
            return max(0.0, error.retry_after) + random.uniform(0, 0.25)  # noqa: S311
        # Random, so that clients that failed together do not come back together.
        longest: float = min(self._pacer.limits.first_pause * 2**self._pauses, _LONGEST_BACKOFF)
        if isinstance(error, RateLimited):
            longest *= 4
        return longest * random.uniform(0.5, 1.0)  # noqa: S311


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds of a Retry-After header (RFC 9110); None where there is none.

    It holds a number or a date; a date in the past is 0 seconds.
    """
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit() and len(text) < 10:
        return float(text)
    try:
        retry_at = email.utils.parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    # RFC 9110, "Date/Time Formats": always GMT.
    if retry_at.tzinfo is None:
        retry_at = retry_at.replace(tzinfo=datetime.UTC)
    return max(0.0, (retry_at - datetime.datetime.now(datetime.UTC)).total_seconds())
