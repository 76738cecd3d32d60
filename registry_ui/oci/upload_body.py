"""The bytes of an upload, verified as they pass."""

from collections.abc import Callable
from contextlib import closing

from .digest import Digest
from .errors import ContentMismatch, OciError, StorageError
from .manifest import Descriptor
from .store import BlobReader, OpenSource

# Small enough for the cache of the processor, which hashes and sends each piece.
_BUFFER_SIZE = 256 * 1024


class HashedBody:
    """A request's body whose last piece is given out only when all bytes were right.

    So a registry never receives the whole of a wrong blob (PROTOCOL.md, "Downloads": never send the
    closing PUT after a wrong hash).

    Args:
        on_fault: called with an error of the source, before it is raised.
    """

    def __init__(
        self, reader: BlobReader, descriptor: Descriptor, on_fault: Callable[[BaseException], None]
    ) -> None:
        self._reader = reader
        self._descriptor = descriptor
        self._on_fault = on_fault
        self._hasher = descriptor.digest.hasher()
        self._left = descriptor.size
        # Never larger than the blob: an image has hundreds of small configs and layers.
        self._buffer = memoryview(bytearray(min(_BUFFER_SIZE, descriptor.size)))

    def __len__(self) -> int:
        return self._descriptor.size

    def read(self, size: int = -1, /) -> memoryview:
        """Return the next piece, valid until the next call; empty at the end.

        Raises:
            ContentMismatch, StorageError, OciError: as `fill`.
        """
        limit = len(self._buffer) if size < 0 else min(size, len(self._buffer))
        return self.fill(self._buffer[:limit])

    def fill(self, buffer: memoryview) -> memoryview:
        """Fill the buffer as far as the blob goes; return the filled part.

        Raises:
            ContentMismatch: the source's bytes are not what the descriptor promises.
            StorageError: the local disk refused the read.
            OciError: as the source raises.
        """
        wanted = min(len(buffer), self._left)
        filled = 0

        try:
            while filled < wanted:
                count = self._reader.readinto(buffer[filled:wanted])
                if count == 0:
                    raise self._mismatch("source_blob_too_short")
                filled += count

            # Hashed before the piece goes out: the last one is held back until all bytes were
            # right.
            self._hasher.update(buffer[:filled])
            self._left -= filled
            if filled and not self._left:
                self._verify()
        except OciError as exc:
            self._on_fault(exc)
            raise
        except OSError as exc:
            fault = StorageError(
                "blob_unreadable", digest=self._descriptor.digest, reason=exc.strerror or ""
            )
            self._on_fault(fault)
            raise fault from exc

        return buffer[:filled]

    def _verify(self) -> None:
        # A source with more bytes than promised is as wrong as one with fewer.
        if self._reader.readinto(memoryview(bytearray(1))):
            raise self._mismatch("source_blob_too_long")
        if not self._descriptor.digest.matches(self._hasher):
            raise self._mismatch("source_blob_damaged")

    def _mismatch(self, code: str) -> ContentMismatch:
        return ContentMismatch(code, digest=self._descriptor.digest)


class UploadSource:
    """A blob's source, opened anew for each try of its upload."""

    def __init__(self, open_source: OpenSource, descriptor: Descriptor) -> None:
        self._open_source = open_source
        self._descriptor = descriptor
        self._reader: BlobReader | None = None
        self._fault: BaseException | None = None

    @property
    def has_failed(self) -> bool:
        """Return whether reading failed, and not sending. Readers have retried already."""
        return self._fault is not None

    def open(self) -> HashedBody:
        """Open the source at its start.

        Raises:
            OciError: as the source raises.
        """
        # A retry sends the whole blob again, so it needs a reader at the start.
        self.close()
        self._fault = None
        try:
            self._reader = self._open_source(0)
        except OciError as exc:
            self._fault = exc
            raise
        return HashedBody(self._reader, self._descriptor, self._record_fault)

    def empty_body(self) -> bytes:
        """Return the body of an empty blob, without opening the source.

        Raises:
            ContentMismatch: the digest is not that of no bytes.
        """
        # The only blob that can be verified before anything is sent.
        if Digest.of(b"", self._descriptor.digest.algorithm) != self._descriptor.digest:
            raise ContentMismatch("blob_not_empty", digest=self._descriptor.digest)
        return b""

    def close(self) -> None:
        """Close the open reader, if there is one."""
        if self._reader is not None:
            with closing(self._reader):
                self._reader = None

    def _record_fault(self, fault: BaseException) -> None:
        self._fault = fault
