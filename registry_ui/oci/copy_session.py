"""The parts of a copy besides its source and its target, some of which several copies share."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from .blob_presence import BlobPresence
from .copy_tasks import CopyTasks
from .digest import Digest
from .progress import Progress
from .store import Cancellation
from .worker_pools import WorkerPools

# Manifests and lookups take a round trip each and almost no bandwidth.
_METADATA_WORKERS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class CopySession:
    """A session of one copy, or of several that go to the same target.

    Args:
        blob_workers: blobs in transfer at the same time; not used with `pools`.
        pools: threads that several copies share; the caller closes them.
        presence: the target's known blobs, where several copies go there.
        repository: the target's name in `presence`.
        mount_from: the target's repositories known to have a blob, the likeliest first.
    """

    cancellation: Cancellation = field(default_factory=Cancellation)
    progress: Progress = field(default_factory=Progress)
    blob_workers: int = 3
    pools: WorkerPools | None = None
    presence: BlobPresence = field(default_factory=BlobPresence)
    repository: str = ""
    mount_from: Callable[[Digest], Sequence[str]] = lambda digest: ()

    @contextmanager
    def open_tasks(self) -> Iterator[CopyTasks]:
        """Yield one copy's tasks, in the shared pools or in new ones that are closed then."""
        pools = self.pools or WorkerPools.create(
            metadata=_METADATA_WORKERS, large=self.blob_workers
        )
        tasks = CopyTasks(pools, self.cancellation)
        try:
            yield tasks
        finally:
            # Stopped before the pools are closed: closing waits for the tasks that run.
            tasks.stop()
            if self.pools is None:
                pools.close()
