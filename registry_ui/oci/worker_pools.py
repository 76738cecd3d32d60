"""Thread pools that several copies share."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from .manifest import Descriptor

SMALL_BLOB = 1024 * 1024
"""Bytes up to which a blob's transfer time is round trips and not bandwidth."""


@dataclass(frozen=True, slots=True)
class WorkerPools:
    """The threads for metadata requests, for small blobs and for large blobs.

    They are separate so that a request of a few bytes never waits behind gigabytes.
    """

    metadata: ThreadPoolExecutor
    small: ThreadPoolExecutor
    large: ThreadPoolExecutor

    @classmethod
    def create(cls, *, metadata: int, large: int, small: int = 0) -> "WorkerPools":
        """Start the pools.

        Args:
            metadata, large, small: numbers of threads; with `small` 0 the threads for large blobs
                take the small ones too.
        """
        large_pool = ThreadPoolExecutor(large, "blob")
        return cls(
            ThreadPoolExecutor(metadata, "metadata"),
            ThreadPoolExecutor(small, "small-blob") if small else large_pool,
            large_pool,
        )

    def pool_for(self, blob: Descriptor) -> ThreadPoolExecutor:
        """Return the pool that transfers a blob of this size."""
        return self.small if blob.size <= SMALL_BLOB else self.large

    def close(self) -> None:
        """Drop the tasks that have not begun, and wait for the running ones."""
        # Shutting down one pool twice, where two names stand for it, does no harm.
        for executor in (self.metadata, self.small, self.large):
            executor.shutdown(cancel_futures=True)
