"""Hash states of unfinished uploads, so that a chunked upload is read only once.

They are kept in this process, for a limited number of uploads. Without a state, the upload is
read from the disk when it is finished.
"""

import hashlib
import threading
from collections import OrderedDict
from typing import Any
from uuid import UUID

_MAX_HASHERS = 256


class HashCache:
    """A bounded cache of SHA-256 states, by upload; the oldest is dropped."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._hashers: OrderedDict[UUID, tuple[int, Any]] = OrderedDict()

    def pop(self, key: UUID, offset: int) -> Any:
        """Return the SHA-256 state of an upload's first `offset` bytes, and forget it.

        None where it is not known.
        """
        # The state is removed while it is in use: two requests must not update one hash.
        with self._lock:
            size, hasher = self._hashers.pop(key, (0, None))

        # An empty upload starts a new hash.
        if offset == 0:
            return hashlib.sha256()
        return hasher if size == offset else None

    def store(self, key: UUID, offset: int, hasher: Any) -> None:
        with self._lock:
            self._hashers[key] = (offset, hasher)
            while len(self._hashers) > _MAX_HASHERS:
                self._hashers.popitem(last=False)


RUNNING_HASHES = HashCache()
