"""One run at work: its phases, its threads, and what its row should say now."""

import time
from collections import deque
from typing import Any

from django.utils import timezone

from registry_ui.oci.store import Cancellation

from ..models import MirrorRun
from .ends import Ends
from .ledger import Ledger
from .moving import Mover

QUESTIONS = 48
"""Tags that are looked at at once, a pair of HEADs each; a client keeps more connections than that."""
_SPEED_SECONDS = 6.0
_MOST_LAYERS = 60
_MOST_NOTES = 20


class Work:
    """What all parts of a run share. `values` is called by the reporter's thread."""

    def __init__(self, run: MirrorRun, cancellation: Cancellation) -> None:
        self.run = run
        self.mirror = run.mirror
        self.cancellation = cancellation
        self.ledger = Ledger(run)
        self.phase = "listing"
        self.notes: list[str] = []
        self.ends: Ends | None = None
        self.mover: Mover | None = None
        self._bytes_before = run.bytes_done
        self._requests_before = run.requests
        self._pause = (0.0, "")
        self._samples: deque[tuple[float, int]] = deque()

    def note(self, text: str) -> None:
        """Something that a person should know of the whole run, in a sentence."""
        if text and text not in self.notes and len(self.notes) < _MOST_NOTES:
            self.notes.append(text)

    def pause(self, seconds: float, reason: str) -> None:
        """A registry makes everything wait so long."""
        self._pause = (time.monotonic() + seconds, reason)

    def tick(self) -> None:
        """Called often by the thread that leads the run: it stops it, and writes what has changed."""
        self.cancellation.check()
        if self.mover is not None:
            self.ledger.remember_blobs(*self.mover.holdings.drain())
        self.ledger.flush()

    def values(self) -> dict[str, Any]:
        """The row's columns as they should be now."""
        done, total = (
            self.mover.totals() if self.mover is not None else (0, self.ledger.counts["bytes"])
        )
        done, total = done + self._bytes_before, total + self._bytes_before
        return {
            "totals": self.ledger.totals(),
            "bytes_done": done,
            "bytes_total": total,
            "requests": self._requests_before
            + (self.ends.requests if self.ends is not None else 0),
            "progress": self._progress(done, total),
        }

    def _progress(self, done: int, total: int) -> dict[str, Any]:
        speed = self._speed(done)
        left = self._pause[0] - time.monotonic()
        to_come = self.mover.to_come() if self.mover is not None else 0
        missing = total + to_come - done
        return {
            "phase": self.phase,
            "layers": self.mover.layers()[:_MOST_LAYERS] if self.mover is not None else [],
            "speed": int(speed),
            "to_come": to_come,
            "seconds_left": int(missing / speed) + 1 if speed > 1 and missing > 0 else None,
            "pause": {"seconds": int(left) + 1, "reason": self._pause[1]} if left > 0 else None,
            "notes": list(self.notes),
            "at": timezone.now().isoformat(),
        }

    def _speed(self, done: int) -> float:
        now = time.monotonic()
        self._samples.append((now, done))
        while len(self._samples) > 2 and now - self._samples[0][0] > _SPEED_SECONDS:
            self._samples.popleft()
        (first, before), (last, after) = self._samples[0], self._samples[-1]
        return (after - before) / (last - first) if last - first > 0.05 else 0.0
