"""How far a look has come, as its row tells it."""

import time
from collections.abc import Callable
from typing import Any


class LookProgress:
    """Counters of one run. One thread counts; any may pause and read.

    Args:
        requests: how many were sent so far.
    """

    def __init__(
        self, requests: Callable[[], int] = lambda: 0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.phase = "listing"
        self.repositories = self.repositories_done = self.problems = 0
        self.tags = self.tags_done = self.tag_problems = self.spared = self.fetched = 0
        self.requests = requests
        self._clock = clock
        self._paused = (0.0, "")

    def pause(self, seconds: float, reason: str) -> None:
        """Every request waits so long, and why."""
        self._paused = (self._clock() + seconds, reason)

    def snapshot(self) -> dict[str, Any]:
        """The row's JSON: see IndexRun.progress."""
        until, reason = self._paused
        left = until - self._clock()
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
            "spared": self.spared,
            "pause": {"seconds": int(left) + 1, "reason": reason} if left > 0 else None,
        }
