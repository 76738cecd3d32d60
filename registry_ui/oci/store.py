"""The interface that a registry, the local images, a Docker Engine and an archive share.

An `ImageStore` is one repository of a store of images. `copy_image` copies an image from any of
them to any other, and uses nothing but this interface.
"""

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self

from .digest import Digest
from .errors import Cancelled, ContentMismatch
from .manifest import Descriptor, Manifest

# Large enough that Python's cost for each piece does not count (PROTOCOL.md, "Speed").
BUFFER_SIZE = 1024 * 1024


class BlobReader(Protocol):
    """A blob's bytes, read once from front to back. The caller verifies them."""

    def readinto(self, buffer: memoryview, /) -> int:
        """Fill `buffer` from its start with at least one byte; return the count, 0 at the end."""

    def close(self) -> None:
        """Close the file or connection behind the reader."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


OpenSource = Callable[[int], BlobReader]
"""Opens the source's blob at an offset in bytes; called again for a retry or a resumption."""


class ImageStore(Protocol):
    """An image's source or target. Implementations are safe to use from several threads."""

    def head_manifest(self, reference: str | Digest) -> Descriptor | None:
        """Return the descriptor behind a tag or digest; None where there is none."""

    def get_manifest(self, reference: str | Digest) -> Manifest:
        """Return the manifest behind a tag or digest. A digest is compared with the bytes.

        Raises:
            ManifestUnknown: there is none.
        """

    def put_manifest(self, manifest: Manifest, reference: str | Digest) -> None:
        """Store a manifest under its digest, or point a tag at it, after its blobs and children."""

    def has_blob(self, descriptor: Descriptor) -> bool:
        """Return whether the blob is there, so that it need not be sent."""

    def open_blob(self, descriptor: Descriptor, offset: int = 0) -> BlobReader:
        """Open the blob's bytes from `offset` on.

        Raises:
            BlobUnknown: there is none.
        """

    def write_blob(self, descriptor: Descriptor, open_source: OpenSource) -> None:
        """Read the blob from the source, verify its digest and size, and only then publish it.

        Raises:
            ContentMismatch: the source's bytes are not what the descriptor names; nothing was
                published.
        """

    def mount_blob(self, descriptor: Descriptor, repository: str) -> bool:
        """Mount the blob from another repository of the same store; return whether that worked."""


class Cancellation:
    """A request to stop, seen by every thread of one transfer, blocked ones included.

    A thread that waits for a peer registers a callback that wakes it, such as one that closes a
    socket.
    """

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._callbacks: set[Callable[[], None]] = set()

    @property
    def requested(self) -> bool:
        """Return whether a stop was requested."""
        return self._event.is_set()

    def request(self) -> None:
        """Stop everything that shares this object. A second call changes nothing."""
        with self._lock:
            self._event.set()
            callbacks = list(self._callbacks)
            self._callbacks.clear()
        # Outside of the lock, because a callback may remove others.
        for callback in callbacks:
            callback()

    def check(self) -> None:
        """Return if no stop was requested.

        Raises:
            Cancelled: it was requested.
        """
        if self._event.is_set():
            raise Cancelled("cancelled")

    def wait(self, seconds: float) -> None:
        """Sleep for some seconds, or until a stop is requested.

        Raises:
            Cancelled: it was requested.
        """
        self._event.wait(seconds)
        self.check()

    def add_callback(self, callback: Callable[[], None]) -> None:
        """Call `callback` from the requesting thread on request; at once if that has happened."""
        with self._lock:
            if not self._event.is_set():
                self._callbacks.add(callback)
                return
        callback()

    def remove_callback(self, callback: Callable[[], None]) -> None:
        """Forget a callback, whether it is known or not."""
        with self._lock:
            self._callbacks.discard(callback)


def read_blob(store: ImageStore, descriptor: Descriptor, *, limit: int) -> bytes:
    """Return a small blob (a config) whole and verified.

    Args:
        limit: the most bytes to read.

    Raises:
        ContentMismatch: larger than `limit`, or not what the descriptor names.
        OciError: as the store raises.
    """
    # A manifest may carry small content itself, which was verified when it was parsed.
    if descriptor.data is not None:
        return descriptor.data

    if descriptor.size > limit:
        raise ContentMismatch(
            "blob_too_large_to_read", digest=descriptor.digest, size=descriptor.size, limit=limit
        )

    # One byte more than promised, so that a longer blob is noticed.
    content = bytearray(descriptor.size + 1)
    filled = 0
    with store.open_blob(descriptor) as reader:
        while filled < len(content) and (count := reader.readinto(memoryview(content)[filled:])):
            filled += count

    blob = bytes(memoryview(content)[:filled])
    if (
        filled != descriptor.size
        or Digest.of(blob, descriptor.digest.algorithm) != descriptor.digest
    ):
        raise ContentMismatch("blob_damaged", digest=descriptor.digest)
    return blob
