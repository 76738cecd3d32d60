"""What a transfer is doing, blob by blob, told by the threads that move it and read by whoever shows it."""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from .digest import Digest
from .manifest import Descriptor

_SPEED_WINDOW = 6.0
_MOST_BLOBS_SHOWN = 400


class BlobState(StrEnum):
    WAITING = "waiting"
    EXISTS = "exists"
    MOUNTED = "mounted"
    MOVING = "moving"
    UNPACKING = "unpacking"
    DONE = "done"
    FAILED = "failed"


@dataclass(slots=True)
class BlobProgress:
    """One blob's line: `offset` of `size` bytes have passed; `origin` is the repository it was mounted from."""

    digest: Digest | str
    kind: str
    platform: str
    size: int
    offset: int = 0
    state: BlobState = BlobState.WAITING
    origin: str = ""

    def as_dict(self) -> dict[str, Any]:
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
    """One transfer's progress. Every method may be called from any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._blobs: dict[Digest | str, BlobProgress] = {}
        self._phase = ""
        self._paused_until = 0.0
        self._pause_reason = ""
        self._note = ""
        self._samples: deque[tuple[float, int]] = deque()
        self._moved = 0

    def enter(self, phase: str) -> None:
        """Begin a phase: `resolving`, `moving` or `finishing`."""
        self._phase = phase

    def note(self, text: str) -> None:
        """Something that a person should know of the whole transfer, in a sentence."""
        self._note = text

    def pause(self, seconds: float, reason: str) -> None:
        """Everything waits so long, in seconds, and why: shown until it is over."""
        with self._lock:
            self._paused_until = self._clock() + seconds
            self._pause_reason = reason

    def expect(self, descriptor: Descriptor, *, kind: str, platform: str = "") -> None:
        """Announce a blob that is part of the image."""
        with self._lock:
            self._blobs.setdefault(
                descriptor.digest, BlobProgress(descriptor.digest, kind, platform, descriptor.size)
            )

    def mark(self, digest: Digest, state: BlobState, *, origin: str = "") -> None:
        """A blob changed its state."""
        with self._lock:
            blob = self._blobs[digest]
            if blob.state is BlobState.DONE and state is BlobState.EXISTS:
                return  # An image before this one brought it.
            blob.state = state
            blob.origin = origin
            if state is BlobState.DONE:
                blob.offset = blob.size

    def begin(self, digest: Digest, offset: int) -> None:
        """A blob starts to move at an offset: 0, or further on where it is resumed."""
        with self._lock:
            blob = self._blobs[digest]
            blob.state = BlobState.MOVING
            blob.offset = offset

    def advance(self, digest: Digest, count: int) -> None:
        """So many more bytes of a blob have passed."""
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
        """A line of somebody else who moves the image and tells of it: a Docker Engine.

        Args:
            name: what it calls the blob, an algorithm and some hex.
            offset, size: bytes, where it said them.
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
            self._moved += max(blob.offset - before, 0)

    def fail_unfinished(self) -> None:
        """The transfer ended early: what was moving did not arrive."""
        with self._lock:
            for blob in self._blobs.values():
                if blob.state in (BlobState.MOVING, BlobState.UNPACKING):
                    blob.state = BlobState.FAILED

    @property
    def moved(self) -> int:
        """Bytes that passed, those sent twice counted twice."""
        return self._moved

    def totals(self) -> tuple[int, int]:
        """(bytes that are done, bytes of all) of the blobs that have to move: what was there already is in neither."""
        with self._lock:
            moving = [
                blob
                for blob in self._blobs.values()
                if blob.state not in (BlobState.EXISTS, BlobState.MOUNTED)
            ]
            return sum(blob.offset for blob in moving), sum(blob.size for blob in moving)

    def snapshot(self) -> dict[str, Any]:
        """The row's JSON: phase, note and pause_seconds, layers, speed in bytes a second, seconds_left (None while unknown)."""
        done, total = self.totals()
        speed = self._speed()
        with self._lock:
            paused = self._paused_until > self._clock()
            blobs = (
                sorted(self._blobs.values(), key=_interest)[:_MOST_BLOBS_SHOWN]
                if len(self._blobs) > _MOST_BLOBS_SHOWN
                else self._blobs.values()
            )
            return {
                "phase": "paused" if paused else self._phase,
                "note": self._pause_reason if paused else self._note,
                "pause_seconds": int(self._paused_until - self._clock()) + 1 if paused else 0,
                "layers": [blob.as_dict() for blob in blobs],
                "layer_count": len(self._blobs),
                "speed": int(speed),
                "seconds_left": int((total - done) / speed) + 1
                if speed > 1 and total > done
                else None,
            }

    def _speed(self) -> float:
        """Bytes a second over the last few seconds of snapshots."""
        now = self._clock()
        with self._lock:
            self._samples.append((now, self._moved))
            while len(self._samples) > 2 and now - self._samples[0][0] > _SPEED_WINDOW:
                self._samples.popleft()
            (first, before), (last, after) = self._samples[0], self._samples[-1]
        return (after - before) / (last - first) if last - first > 0.05 else 0.0


def _interest(blob: BlobProgress) -> int:
    """What moves or failed comes first where not every blob can be shown."""
    return (
        BlobState.MOVING,
        BlobState.UNPACKING,
        BlobState.FAILED,
        BlobState.WAITING,
        BlobState.DONE,
        BlobState.MOUNTED,
        BlobState.EXISTS,
    ).index(blob.state)
