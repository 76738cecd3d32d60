"""A transfer's progress, blob by blob, written by its threads and read for its row."""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from .digest import Digest
from .errors import OciError
from .manifest import Descriptor

# Shorter windows jump with every layer, longer ones lag behind.
_SPEED_WINDOW = 6.0

# The row is written once a second: thousands of layers would make it megabytes.
_MOST_BLOBS_SHOWN = 400


class BlobState(StrEnum):
    """The states of a blob in a transfer."""

    WAITING = "waiting"
    EXISTS = "exists"
    MOUNTED = "mounted"
    TRANSFERRING = "transferring"
    UNPACKING = "unpacking"
    DONE = "done"
    FAILED = "failed"


@dataclass(slots=True)
class BlobProgress:
    """One blob's progress.

    Args:
        size, offset: bytes of the blob, and of it that have passed.
        origin: the repository that it was mounted from.
    """

    digest: Digest | str
    kind: str
    platform: str
    size: int
    offset: int = 0
    state: BlobState = BlobState.WAITING
    origin: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the blob's JSON in a row."""
        document = {
            "digest": str(self.digest),
            "kind": self.kind,
            "platform": self.platform,
            "size": self.size,
            "offset": self.offset,
            "state": str(self.state),
        }
        return {**document, "from": self.origin} if self.origin else document


class Progress:
    """One transfer's progress. Every method may be called from any thread.

    Args:
        clock: returns seconds; a test may set its own.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._blobs: dict[Digest | str, BlobProgress] = {}
        self._phase = ""
        self._paused_until = 0.0
        self._pause_reason: OciError | None = None
        self._note = ""
        self._samples: deque[tuple[float, int]] = deque()
        self._moved = 0

    def enter(self, phase: str) -> None:
        """Begin a phase: `resolving`, `transferring` or `finishing`."""
        self._phase = phase

    def set_note(self, text: str) -> None:
        """Set the sentence that is shown for the whole transfer."""
        self._note = text

    def pause(self, seconds: float, reason: OciError) -> None:
        """Show for so many seconds that the whole transfer waits, and the reason."""
        with self._lock:
            self._paused_until = self._clock() + seconds
            self._pause_reason = reason

    def expect(self, descriptor: Descriptor, *, kind: str, platform: str = "") -> None:
        """Add a blob that is part of the image."""
        # Platforms share layers; the first one names the platform.
        with self._lock:
            self._blobs.setdefault(
                descriptor.digest, BlobProgress(descriptor.digest, kind, platform, descriptor.size)
            )

    def mark(self, digest: Digest, state: BlobState, *, origin: str = "") -> None:
        """Set a blob's state."""
        with self._lock:
            blob = self._blobs[digest]
            if blob.state is BlobState.DONE and state is BlobState.EXISTS:
                return  # an earlier image of the same transfer sent it
            blob.state = state
            blob.origin = origin
            if state is BlobState.DONE:
                blob.offset = blob.size

    def begin(self, digest: Digest, offset: int) -> None:
        """Begin the transfer of a blob at an offset: 0, or more where it is resumed."""
        with self._lock:
            blob = self._blobs[digest]
            blob.state = BlobState.TRANSFERRING
            blob.offset = offset

    def advance(self, digest: Digest, count: int) -> None:
        """Add bytes of a blob that have passed."""
        with self._lock:
            blob = self._blobs[digest]
            blob.offset = min(blob.offset + count, blob.size)
            self._moved += count

    def report(
        self,
        name: str,
        state: BlobState,
        *,
        kind: str = "layer",
        offset: int | None = None,
        size: int | None = None,
        origin: str = "",
    ) -> None:
        """Set a blob's progress as another program reports it that transfers the image: an engine.

        Args:
            name: the engine's name for the blob, an algorithm and some hex digits.
            offset, size: bytes, where the engine stated them.
        """
        with self._lock:
            blob = self._blobs.setdefault(name, BlobProgress(name, kind, "", 0))
            before = blob.offset

            blob.size = max(blob.size if size is None else size, offset or 0)
            blob.offset = (
                blob.size
                if state in (BlobState.UNPACKING, BlobState.DONE)
                else before
                if offset is None
                else offset
            )

            blob.state = state
            blob.origin = origin
            # An engine reports again from the start after a retry of its own.
            self._moved += max(blob.offset - before, 0)

    def fail_unfinished(self) -> None:
        """Mark the blobs in transfer as failed, after the transfer ended early."""
        with self._lock:
            for blob in self._blobs.values():
                if blob.state in (BlobState.TRANSFERRING, BlobState.UNPACKING):
                    blob.state = BlobState.FAILED

    @property
    def moved(self) -> int:
        """The bytes that passed; those sent twice count twice."""
        return self._moved

    def totals(self) -> tuple[int, int]:
        """Return (bytes done, bytes of all) of the blobs to send, without those that existed."""
        with self._lock:
            moving = [
                blob
                for blob in self._blobs.values()
                if blob.state not in (BlobState.EXISTS, BlobState.MOUNTED)
            ]
            return sum(blob.offset for blob in moving), sum(blob.size for blob in moving)

    def snapshot(self) -> dict[str, Any]:
        """Return the row's JSON.

        `speed` is bytes a second, `pause_seconds` and `seconds_left` are seconds, the latter None
        while unknown. At most 400 of `layer_count` layers are in it.
        """
        done, total = self.totals()
        speed = self._speed()

        with self._lock:
            paused = self._paused_until > self._clock()
            blobs = (
                sorted(self._blobs.values(), key=_display_rank)[:_MOST_BLOBS_SHOWN]
                if len(self._blobs) > _MOST_BLOBS_SHOWN
                else self._blobs.values()
            )

            return {
                "phase": "paused" if paused else self._phase,
                "note": self._note,
                "pause": self._pause_reason.stored() if paused and self._pause_reason else None,
                "pause_seconds": int(self._paused_until - self._clock()) + 1 if paused else 0,
                "layers": [blob.as_dict() for blob in blobs],
                "layer_count": len(self._blobs),
                "speed": int(speed),
                "seconds_left": int((total - done) / speed) + 1
                if speed > 1 and total > done
                else None,
            }

    def _speed(self) -> float:
        """Return bytes a second over the last few seconds of snapshots."""
        now = self._clock()
        with self._lock:
            self._samples.append((now, self._moved))
            while len(self._samples) > 2 and now - self._samples[0][0] > _SPEED_WINDOW:
                self._samples.popleft()
            (first, before), (last, after) = self._samples[0], self._samples[-1]
        return (after - before) / (last - first) if last - first > 0.05 else 0.0


def _display_rank(blob: BlobProgress) -> int:
    """Return a blob's rank where not every blob can be shown: active and failed ones first."""
    return (
        BlobState.TRANSFERRING,
        BlobState.UNPACKING,
        BlobState.FAILED,
        BlobState.WAITING,
        BlobState.DONE,
        BlobState.MOUNTED,
        BlobState.EXISTS,
    ).index(blob.state)
