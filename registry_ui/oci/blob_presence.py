"""The blobs that a target is known to have, shared by all copies that go there.

A known blob is not asked for, a blob in flight is waited for, and a blob of another repository is
mounted. So each blob is asked for once and sent once, however many tags and repositories need it.
"""

import threading
from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import Future

from .digest import Digest

# Each failed mount costs a request, so a few candidates are enough.
_MOUNT_CANDIDATES = 3


class BlobPresence:
    """Known and in-flight blobs of one target registry. Safe to use from several threads.

    Args:
        known: (repository, digest) pairs seen earlier; `invalidate` removes those that prove wrong.
        empty: repositories that do not exist yet, so that no blob has to be looked up in them.
    """

    def __init__(self, known: Iterable[tuple[str, str]] = (), empty: Iterable[str] = ()) -> None:
        self._lock = threading.Lock()
        self._repositories: dict[str, list[str]] = defaultdict(list)
        self._known: set[tuple[str, str]] = set()
        self._empty = set(empty)
        self._uncertain: set[tuple[str, str]] = set()
        self._in_flight: dict[str, Future[None]] = {}
        self._added: list[tuple[str, str]] = []
        self._removed: list[tuple[str, str]] = []

        for repository, digest in known:
            self._add_known(repository, digest)

    def contains(self, repository: str, digest: Digest) -> bool:
        """Return whether the repository is known to have the blob."""
        # Without a lock: reading a set is atomic, and a late answer costs one request.
        return (repository, str(digest)) in self._known

    def is_absent(self, repository: str, digest: Digest) -> bool:
        """Return whether the blob is certainly missing, so that no lookup is needed.

        That is so where the repository did not exist at the start and no copy has stored the blob.
        """
        key = (repository, str(digest))
        return repository in self._empty and key not in self._known and key not in self._uncertain

    def other_repositories(self, repository: str, digest: Digest) -> Sequence[str]:
        """Return up to three other repositories that have the blob, the likeliest first."""
        with self._lock:
            repositories = self._repositories.get(str(digest), ())
            others = [name for name in repositories if name != repository]
            return others[:_MOUNT_CANDIDATES]

    def add(self, repository: str, digest: Digest) -> None:
        """Record that the repository has the blob now."""
        with self._lock:
            if (repository, str(digest)) not in self._known:
                self._add_known(repository, str(digest))
                self._added.append((repository, str(digest)))

    def invalidate(self, repository: str, digests: Iterable[Digest]) -> None:
        """Remove blobs after the target answered MANIFEST_BLOB_UNKNOWN: each is looked up again.

        The answer does not say which of the manifest's blobs is missing (distribution spec,
        "Error Codes"), so all of them become doubtful.
        """
        with self._lock:
            for digest in map(str, digests):
                self._uncertain.add((repository, digest))
                if (repository, digest) in self._known:
                    self._known.discard((repository, digest))
                    self._repositories[digest].remove(repository)
                    self._removed.append((repository, digest))

    def claim(self, digest: Digest) -> "Future[None] | None":
        """Claim a blob for the calling copy, which must `release` it.

        Returns:
            None where the claim succeeded; else a future that ends with the other copy's claim.
        """
        with self._lock:
            in_flight = self._in_flight.get(str(digest))
            if in_flight is None:
                self._in_flight[str(digest)] = Future()
            return in_flight

    def release(self, digest: Digest) -> None:
        """End a claim and wake the copies that wait for it, whether the blob arrived or not."""
        with self._lock:
            in_flight = self._in_flight.pop(str(digest), None)
        # Outside of the lock: waiting copies call this object at once.
        if in_flight is not None:
            in_flight.set_result(None)

    def drain(self) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
        """Return (added, removed) since the last call, as (repository, digest) pairs."""
        with self._lock:
            added, self._added = self._added, []
            removed, self._removed = self._removed, []
        return added, removed

    def _add_known(self, repository: str, digest: str) -> None:
        self._known.add((repository, digest))
        self._repositories[digest].append(repository)
