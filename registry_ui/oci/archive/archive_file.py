"""An archive's file, and the decompression of gzip (RFC 1952)."""

import os
import zlib
from collections.abc import Callable
from types import TracebackType
from typing import Self

from ..errors import InvalidArchive
from ..store import BUFFER_SIZE
from .limits import ArchiveLimits

# RFC 1952, "Member header".
_GZIP = b"\x1f\x8b"

# The first bytes of other kinds of compression, with the command that undoes each.
_OTHERS = {
    b"\x28\xb5\x2f\xfd": ("zstd", "zstd -d"),
    b"\xfd7zXZ\x00": ("xz", "xz -d"),
    b"BZh": ("bzip2", "bzip2 -d"),
    b"PK\x03\x04": ("zip", "unzip"),
}


class ArchiveFile:
    """An open file, read at any position from any thread.

    Args:
        descriptor: of a regular file; it is closed with this object.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.size = os.fstat(descriptor).st_size

    def read(self, offset: int, count: int) -> bytes:
        """Return at most `count` bytes from `offset` on; fewer only at the file's end."""
        # pread has no shared position, so threads need no lock.
        return os.pread(self._descriptor, count, offset)

    def readinto(self, buffer: memoryview, offset: int) -> int:
        """Fill the buffer from `offset` on; return the count, 0 at the file's end."""
        return os.preadv(self._descriptor, [buffer], offset)

    @property
    def is_gzip(self) -> bool:
        """Return whether the file is compressed with gzip."""
        return self.read(0, 2) == _GZIP

    def check_kind(self) -> None:
        """Refuse a file that is compressed in another way than gzip.

        Raises:
            InvalidArchive
        """
        start = self.read(0, 8)
        for magic, (name, command) in _OTHERS.items():
            if start.startswith(magic):
                raise InvalidArchive(
                    "archive_compression_unsupported", compression=name, command=command
                )

    def close(self) -> None:
        """Close the file. A second call changes nothing."""
        # A closed number may belong to another file by the next call.
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


class SliceReader:
    """A part of the file, as a `BlobReader`."""

    def __init__(self, file: ArchiveFile, offset: int, size: int) -> None:
        self._file = file
        self._offset = offset
        self._end = offset + size

    def readinto(self, buffer: memoryview, /) -> int:
        """Fill the buffer as far as the part goes; return the count, 0 at its end."""
        count = self._file.readinto(buffer[: self._end - self._offset], self._offset)
        self._offset += count
        return count

    def close(self) -> None:
        """Do nothing: the file stays open for other readers."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def gunzip(
    source: ArchiveFile,
    write: Callable[[bytes], None],
    limits: ArchiveLimits,
    check: Callable[[], None] = lambda: None,
) -> None:
    """Decompress gzip, of one or more members, in bounded memory.

    Args:
        write: receives the decompressed bytes, a piece at a time.
        check: called for each piece; it may raise to stop.

    Raises:
        InvalidArchive: damaged, cut off, larger than the limit, or a decompression bomb.
    """
    # 31: zlib's largest window (15), plus 16 for the header of gzip.
    state, offset, written, pending = zlib.decompressobj(31), 0, 0, b""
    while True:
        check()
        if not pending:
            pending = source.read(offset, BUFFER_SIZE)
            offset += len(pending)

        # A file may hold several gzip members, and zeros after the last one (RFC 1952, "File
        # format").
        if state.eof:
            pending = pending.lstrip(b"\0")
            if not pending and offset >= source.size:
                return
            state = zlib.decompressobj(31) if pending else state
            continue

        piece = _decompress(state, pending)
        if not (pending or piece or state.eof):
            raise InvalidArchive("archive_data_cut_off")

        pending = state.unused_data if state.eof else state.unconsumed_tail
        written += len(piece)
        _check_growth(written, offset - len(pending), limits)
        write(piece)


def _decompress(state: "zlib._Decompress", pending: bytes) -> bytes:
    # The output of one step is bounded; the rest of the input waits in `unconsumed_tail`.
    try:
        return state.decompress(pending, BUFFER_SIZE)
    except zlib.error as exc:
        raise InvalidArchive("archive_data_damaged") from exc


def _check_growth(written: int, read: int, limits: ArchiveLimits) -> None:
    # The header's own size is not believed: it is modulo 4 GiB, and anyone can write it.
    if written > limits.total:
        raise too_large(limits)
    # Small files of zeros compress well too, so the ratio counts from some size on only.
    if written > limits.ratio_from and written > read * limits.ratio:
        raise InvalidArchive("archive_bomb", ratio=limits.ratio)


def too_large(limits: ArchiveLimits) -> InvalidArchive:
    """Return the error for an archive over the limit."""
    return InvalidArchive("archive_too_large", limit_bytes=limits.total)
