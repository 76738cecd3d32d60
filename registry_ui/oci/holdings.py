"""What the repositories of one target are known to hold: shared by all copies that go there at the same time.

A blob that is known is not asked for; one that another copy is bringing is waited for; one that a neighbour holds is mounted.
So each blob is asked for once and moves once, however many tags and repositories want it.
"""

import threading
from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import Future

from .digest import Digest

_MOST_HOLDERS = 3


class Holdings:
    """Safe to use from several threads.

    Args:
        known: (repository, digest) as seen earlier. What turns out to be wrong is to be forgotten.
        empty: repositories that do not exist yet, so that nothing has to be asked there.
    """

    def __init__(self, known: Iterable[tuple[str, str]] = (), empty: Iterable[str] = ()) -> None:
        self._lock = threading.Lock()
        self._holders: dict[str, list[str]] = defaultdict(list)
        self._held: set[tuple[str, str]] = set()
        self._empty = set(empty)
        self._doubted: set[tuple[str, str]] = set()
        self._moving: dict[str, Future[None]] = {}
        self._added: list[tuple[str, str]] = []
        self._forgotten: list[tuple[str, str]] = []
        for repository, digest in known:
            self._keep(repository, digest)

    def holds(self, repository: str, digest: Digest) -> bool:
        return (repository, str(digest)) in self._held

    def lacks(self, repository: str, digest: Digest) -> bool:
        """Whether it needs no asking, because the repository was not there when this began and nobody has brought the blob since."""
        key = (repository, str(digest))
        return repository in self._empty and key not in self._held and key not in self._doubted

    def neighbours(self, repository: str, digest: Digest) -> Sequence[str]:
        """Other repositories that hold it, the likeliest first."""
        with self._lock:
            return [name for name in self._holders.get(str(digest), ()) if name != repository][
                :_MOST_HOLDERS
            ]

    def add(self, repository: str, digest: Digest) -> None:
        with self._lock:
            if (repository, str(digest)) not in self._held:
                self._keep(repository, str(digest))
                self._added.append((repository, str(digest)))

    def forget(self, repository: str, digests: Iterable[Digest]) -> None:
        """The target says that it lacks one of these: they are asked for again."""
        with self._lock:
            for digest in map(str, digests):
                self._doubted.add((repository, digest))
                if (repository, digest) in self._held:
                    self._held.discard((repository, digest))
                    self._holders[digest].remove(repository)
                    self._forgotten.append((repository, digest))

    def begin(self, digest: Digest) -> "Future[None] | None":
        """Take on a blob; None where it is the caller's now, who calls `end`. Else what to wait for before looking again."""
        with self._lock:
            moving = self._moving.get(str(digest))
            if moving is None:
                self._moving[str(digest)] = Future()
            return moving

    def end(self, digest: Digest) -> None:
        with self._lock:
            moving = self._moving.pop(str(digest), None)
        if moving is not None:
            moving.set_result(None)

    def drain(self) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
        """(learnt, forgotten) since the last call, as (repository, digest)."""
        with self._lock:
            learnt, self._added = self._added, []
            forgotten, self._forgotten = self._forgotten, []
        return learnt, forgotten

    def _keep(self, repository: str, digest: str) -> None:
        self._held.add((repository, digest))
        self._holders[digest].append(repository)
