"""When a registry that counts pulls has few left: the run waits without a worker, and people can go on pulling."""

import threading
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from registry_ui.oci.client import RateLimit
from registry_ui.oci.errors import OciError, RateLimited

# Without a word of the registry on how long its limit holds, or where that is hours, it is asked again after this.
_LONGEST_WAIT = timedelta(minutes=30)
_SHORTEST_WAIT = timedelta(seconds=5)
_PATIENCE = 120.0


class Parked(OciError):
    """The run waits until `until`."""

    def __init__(self, until: datetime, reason: str) -> None:
        super().__init__(reason)
        self.until = until


class Budget:
    """Decides whether one more image may be fetched now. Safe to use from several threads."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._lock = threading.Lock()
        self._open = 0
        self._parked: Parked | None = None

    @property
    def is_spent(self) -> bool:
        return self._parked is not None

    def take(self, limit: RateLimit | None) -> bool:
        """An image is to be fetched; `give_back` when it has arrived. False where too few pulls are left."""
        with self._lock:
            if (
                self._parked is None
                and limit is not None
                and limit.remaining - self._open <= floor_of(limit)
            ):
                self._parked = Parked(_until(limit), self._words(limit))
            if self._parked is not None:
                return False
            self._open += 1
            return True

    def give_back(self) -> None:
        with self._lock:
            self._open -= 1

    def consider(self, failure: OciError) -> None:
        """Something failed: where the registry wants to be left alone for minutes, the run does so."""
        if not isinstance(failure, RateLimited):
            return
        seconds = failure.retry_after or _LONGEST_WAIT.total_seconds()
        if failure.retry_after is None or failure.retry_after > _PATIENCE:
            words = _("%(host)s takes no more requests for now: %(message)s") % {
                "host": self._host,
                "message": failure.message,
            }
            with self._lock:
                self._parked = self._parked or Parked(
                    timezone.now() + timedelta(seconds=min(seconds, 86400)), words
                )

    def check(self) -> None:
        """
        Raises:
            Parked
        """
        if self._parked is not None:
            raise self._parked

    def _words(self, limit: RateLimit) -> str:
        words = {"host": self._host, "left": limit.remaining, "limit": limit.limit}
        return (
            _("%(host)s allows %(limit)d pulls, and %(left)d are left: these are for people.")
            % words
        )


def floor_of(limit: RateLimit) -> int:
    """What is left to people: a tenth, and one at least."""
    return max(1, limit.limit // 10)


def _until(limit: RateLimit) -> datetime:
    window = timedelta(seconds=limit.window) if limit.window else _LONGEST_WAIT
    return timezone.now() + max(_SHORTEST_WAIT, min(window, _LONGEST_WAIT))
