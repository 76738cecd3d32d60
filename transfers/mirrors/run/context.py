"""The shared state of one run, and the values of its row."""

import time
from collections import deque
from typing import Any

from django.utils import timezone

from registry_ui.oci.errors import OciError
from registry_ui.oci.store import Cancellation

from ..models import MirrorRun
from .endpoints import Endpoints
from .item_store import ItemStore
from .tag_copies import TagCopier

CONCURRENT_COMPARISONS = 48
"""The tags compared at once, two HEAD requests each; a client keeps more connections."""
_SPEED_SECONDS = 6.0
_MAX_LAYERS = 60
_MAX_NOTES = 20


class RunContext:
    """The state that all phases of a run share. The reporter's thread calls `row_values`."""

    def __init__(self, run: MirrorRun, cancellation: Cancellation) -> None:
        self.run = run
        self.mirror = run.mirror
        self.cancellation = cancellation
        self.item_store = ItemStore(run)
        self.phase = "listing"
        self.notes: list[str] = []
        self.endpoints: Endpoints | None = None
        self.copier: TagCopier | None = None
        self._earlier_bytes = run.bytes_done
        self._earlier_requests = run.requests
        self._pause: tuple[float, OciError | None] = (0.0, None)
        self._samples: deque[tuple[float, int]] = deque()

    def add_note(self, text: str) -> None:
        """Add a sentence about the whole run."""
        if text and text not in self.notes and len(self.notes) < _MAX_NOTES:
            self.notes.append(text)

    def record_pause(self, seconds: float, reason: OciError) -> None:
        """Record that a registry delays all requests."""
        self._pause = (time.monotonic() + seconds, reason)

    def checkpoint(self) -> None:
        """Stop a cancelled run and write what has changed.

        The leading thread calls it often.
        """
        self.cancellation.check()

        # Known blobs are kept even if the run fails later.
        if self.copier is not None:
            self.item_store.record_blobs(*self.copier.presence.drain())
        self.item_store.flush()

    def row_values(self) -> dict[str, Any]:
        """Return the present values of the row's columns."""
        done, total = (
            self.copier.totals()
            if self.copier is not None
            else (0, self.item_store.counts["bytes"])
        )

        # An earlier worker of the same run has transferred bytes too.
        done, total = done + self._earlier_bytes, total + self._earlier_bytes

        requests = self.endpoints.requests if self.endpoints is not None else 0

        return {
            "totals": self.item_store.totals(),
            "bytes_done": done,
            "bytes_total": total,
            "requests": self._earlier_requests + requests,
            "progress": self._progress(done, total),
        }

    def _progress(self, done: int, total: int) -> dict[str, Any]:
        speed = self._speed(done)
        estimated_bytes = self.copier.estimated_bytes() if self.copier is not None else 0

        # Estimated bytes are left out of the total, which only grows by known images.
        missing = total + estimated_bytes - done

        pause = None
        ends_at, reason = self._pause
        if reason is not None and ends_at > time.monotonic():
            seconds = int(ends_at - time.monotonic()) + 1
            pause = {"seconds": seconds, "reason": reason.stored()}

        return {
            "phase": self.phase,
            "layers": self.copier.layers()[:_MAX_LAYERS] if self.copier is not None else [],
            "speed": int(speed),
            "estimated_bytes": estimated_bytes,
            "seconds_left": int(missing / speed) + 1 if speed > 1 and missing > 0 else None,
            "pause": pause,
            "notes": list(self.notes),
            "at": timezone.now().isoformat(),
        }

    def _speed(self, done: int) -> float:
        now = time.monotonic()
        self._samples.append((now, done))

        # A moving average over some seconds; two samples always remain.
        while len(self._samples) > 2 and now - self._samples[0][0] > _SPEED_SECONDS:
            self._samples.popleft()
        (first, before), (last, after) = self._samples[0], self._samples[-1]
        return (after - before) / (last - first) if last - first > 0.05 else 0.0
