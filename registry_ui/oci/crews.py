"""Threads that copies share."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from .manifest import Descriptor

SMALL = 1024 * 1024
"""A blob up to this size, in bytes, is a matter of round trips and not of bandwidth."""


@dataclass(frozen=True, slots=True)
class Crew:
    """Lanes for questions, for small blobs and for large ones: what takes long never holds up what does not."""

    metadata: ThreadPoolExecutor
    small: ThreadPoolExecutor
    large: ThreadPoolExecutor

    @classmethod
    def of(cls, *, metadata: int, large: int, small: int = 0) -> "Crew":
        """
        Args:
            small: 0 lets small blobs take the lanes of the large ones.
        """
        lanes = ThreadPoolExecutor(large, "blob")
        return cls(
            ThreadPoolExecutor(metadata, "metadata"),
            ThreadPoolExecutor(small, "small-blob") if small else lanes,
            lanes,
        )

    def lane_for(self, blob: Descriptor) -> ThreadPoolExecutor:
        return self.small if blob.size <= SMALL else self.large

    def close(self) -> None:
        """Drop what has not begun, and wait for what has."""
        for executor in (self.metadata, self.small, self.large):
            executor.shutdown(cancel_futures=True)
