"""The progress of an index run, as its row stores it."""

import time
from collections.abc import Callable
from typing import Any

from registry_ui.oci.errors import OciError


class IndexProgress:
    """Counters of one run. One thread counts; any thread may pause and read.

    Args:
        requests: returns the number of requests sent so far.
    """

    def __init__(
        self, requests: Callable[[], int] = lambda: 0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.phase = "listing"
        self.repositories = self.repositories_done = self.problems = 0
        self.tags = self.tags_done = self.tag_problems = self.skipped = self.fetched = 0
        self.requests = requests
        self._clock = clock
        # The time at which the pause ends, and its reason.
        self._pause: tuple[float, OciError | None] = (0.0, None)

    def pause(self, seconds: float, reason: OciError) -> None:
        """Record that every request waits so many seconds, and why."""
        self._pause = (self._clock() + seconds, reason)

    def snapshot(self) -> dict[str, Any]:
        """Return the row's JSON: see `IndexRun.progress`."""
        # One read of the tuple: another thread may replace it meanwhile.
        ends_at, reason = self._pause
        seconds_left = ends_at - self._clock()
        pause = None
        if reason is not None and seconds_left > 0:
            pause = {"seconds": int(seconds_left) + 1, "reason": reason.stored()}

        return {
            "phase": self.phase,
            "repositories": self.repositories,
            "repositories_done": self.repositories_done,
            "tags": self.tags,
            "tags_done": self.tags_done,
            "fetched": self.fetched,
            "requests": self.requests(),
            "problems": self.problems,
            "tag_problems": self.tag_problems,
            "skipped": self.skipped,
            "pause": pause,
        }
