"""Pull limits of a source: a run waits without a worker before it uses up the last pulls."""

import threading
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from registry_ui.oci.client import RateLimit
from registry_ui.oci.errors import OciError, RateLimited

# The registry is asked again after this time, where it states no window, or one of hours.
_MAX_WAIT = timedelta(minutes=30)
_MIN_WAIT = timedelta(seconds=5)
_IN_RUN_WAIT_SECONDS = 120.0


class Postponed(OciError):
    """A run that waits until `resume_at`."""

    def __init__(self, resume_at: datetime, code: str, /, **parameters: Any) -> None:
        super().__init__(code, **parameters)
        self.resume_at = resume_at


class PullBudget:
    """The pulls that a run may still use. Thread-safe."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._lock = threading.Lock()
        self._in_flight = 0
        self._postponed: Postponed | None = None

    def acquire(self, limit: RateLimit | None) -> bool:
        """Reserve a pull for one image, to be released when it has arrived.

        Return False where too few are left.
        """
        with self._lock:
            # Images in flight are not yet counted in the header of the last response.
            if (
                self._postponed is None
                and limit is not None
                and limit.remaining - self._in_flight <= reserved_pulls(limit)
            ):
                self._postponed = Postponed(
                    _resume_time(limit),
                    "pulls_reserved",
                    host=self._host,
                    limit=limit.limit,
                    left=limit.remaining,
                )
            if self._postponed is not None:
                return False
            self._in_flight += 1
            return True

    def release(self) -> None:
        with self._lock:
            self._in_flight -= 1

    def record_failure(self, failure: OciError) -> None:
        """Postpone the run where a registry refuses requests for minutes."""
        if not isinstance(failure, RateLimited):
            return

        seconds = failure.retry_after or _MAX_WAIT.total_seconds()

        # A short delay is waited out within the run; the client has retried those already.
        if failure.retry_after is None or failure.retry_after > _IN_RUN_WAIT_SECONDS:
            with self._lock:
                self._postponed = self._postponed or Postponed(
                    timezone.now() + timedelta(seconds=min(seconds, 86400)),
                    "requests_refused",
                    host=self._host,
                    cause=failure,
                )

    def check(self) -> None:
        """Stop the run if it was postponed.

        Raises:
            Postponed
        """
        if self._postponed is not None:
            raise self._postponed


def reserved_pulls(limit: RateLimit) -> int:
    """Return the pulls that are kept for people: a tenth, at least one."""
    return max(1, limit.limit // 10)


def _resume_time(limit: RateLimit) -> datetime:
    # `;w=` of the RateLimit headers of Docker Hub, in seconds.
    window = timedelta(seconds=limit.window) if limit.window else _MAX_WAIT
    return timezone.now() + max(_MIN_WAIT, min(window, _MAX_WAIT))
