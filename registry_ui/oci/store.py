"""The seam: what a registry, the embedded store, a Docker Engine and an archive have in common.

An `ImageStore` is one repository's view of a place that holds images. `copy_image` (copying.py) moves an image from any
of them to any other and knows no more of either than what stands here.
"""

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self

from .digest import Digest
from .errors import Cancelled, ContentMismatch
from .manifest import Descriptor, Manifest

BUFFER_SIZE = 1024 * 1024


class BlobReader(Protocol):
    """A blob's bytes, read once from front to back. Its reader verifies them: nothing here does."""

    def readinto(self, buffer: memoryview, /) -> int:
        """Fill `buffer` from its start with at least one byte; 0 means the end."""

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


OpenSource = Callable[[int], BlobReader]
"""Opens the source's blob at an offset in bytes. A writer calls it again to try again or to resume."""


class ImageStore(Protocol):
    """Where an image comes from or goes to. Implementations are safe to use from several threads."""

    def head_manifest(self, reference: str | Digest) -> Descriptor | None:
        """The descriptor behind a tag or digest without fetching it; None where there is no such manifest."""

    def get_manifest(self, reference: str | Digest) -> Manifest:
        """The manifest behind a tag or digest; one asked for by digest has that digest, checked.

        Raises:
            ManifestUnknown: there is none.
        """

    def put_manifest(self, manifest: Manifest, reference: str | Digest) -> None:
        """Store a manifest under its digest, or point a tag at it. Its blobs and children are there already."""

    def has_blob(self, descriptor: Descriptor) -> bool:
        """Whether the blob needs no sending."""

    def open_blob(self, descriptor: Descriptor, offset: int = 0) -> BlobReader:
        """The blob's bytes from `offset` on.

        Raises:
            BlobUnknown: there is none.
        """

    def write_blob(self, descriptor: Descriptor, open_source: OpenSource) -> None:
        """Take the blob from the source, verify its digest and size, and only then make it visible.

        Raises:
            ContentMismatch: the source's bytes are not what the descriptor names; nothing became visible.
        """

    def mount_blob(self, descriptor: Descriptor, repository: str) -> bool:
        """Take the blob from another repository of the same place without sending it; False where that did not work."""


class Cancellation:
    """A request to stop, seen by every thread of one transfer, blocked ones included.

    A thread that waits for a peer registers a callback which wakes it: closing a socket, say.
    """

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._callbacks: set[Callable[[], None]] = set()

    @property
    def requested(self) -> bool:
        return self._event.is_set()

    def request(self) -> None:
        """Stop everything that shares this object. Calling it again changes nothing."""
        with self._lock:
            self._event.set()
            callbacks = list(self._callbacks)
            self._callbacks.clear()
        for callback in callbacks:
            callback()

    def check(self) -> None:
        """
        Raises:
            Cancelled: it was requested.
        """
        if self._event.is_set():
            raise Cancelled("The transfer was cancelled.")

    def wait(self, seconds: float) -> None:
        """Sleep that a request ends.

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
        with self._lock:
            self._callbacks.discard(callback)


def read_blob(store: ImageStore, descriptor: Descriptor, *, limit: int) -> bytes:
    """A small blob (a config) whole and verified.

    Args:
        limit: the most bytes to take.

    Raises:
        ContentMismatch: larger than `limit`, or not what the descriptor names.
    """
    if descriptor.data is not None:
        return descriptor.data
    if descriptor.size > limit:
        raise ContentMismatch(
            f"The blob {descriptor.digest.short} has {descriptor.size} bytes; {limit} are the most for one read whole."
        )
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
        raise ContentMismatch(
            f"The blob {descriptor.digest.short} is not what its digest names: the source is damaged.",
            advice="Pull or push the image anew at its source, then try again.",
        )
    return blob
