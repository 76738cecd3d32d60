"""Hashes of uploads that are under way, so that what comes in pieces is read only once.

Kept in this process and for a few uploads only: where there is none, the upload is read from the disk at its end.
"""

import hashlib
import threading
from collections import OrderedDict
from typing import Any
from uuid import UUID

_MOST = 256


class RunningHashes:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[UUID, tuple[int, Any]] = OrderedDict()

    def take(self, key: UUID, offset: int) -> Any:
        """The SHA-256 of an upload's first bytes, for the one who goes on; None where it is not known."""
        with self._lock:
            known, hasher = self._kept.pop(key, (0, None))
        if offset == 0:
            return hashlib.sha256()
        return hasher if known == offset else None

    def keep(self, key: UUID, offset: int, hasher: Any) -> None:
        with self._lock:
            self._kept[key] = (offset, hasher)
            while len(self._kept) > _MOST:
                self._kept.popitem(last=False)


RUNNING = RunningHashes()
