"""A blob on its way to the disk: locked for one writer, invisible to readers, resumable by a later one."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Self

from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import ContentMismatch, StorageError
from registry_ui.oci.store import BUFFER_SIZE, BlobReader, Cancellation, OpenSource

from .disk import check_room, is_named, lock, storage_error, storage_errors

_OPEN = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
# The disk starts to write while bytes still arrive, so that the fsync at the end finds little left to do.
_WRITEBACK_STEP = 8 * 1024 * 1024


class PartialBlob:
    """One owner's unfinished copy of a blob. Made by `BlobDirectory.claim`."""

    def __init__(
        self,
        descriptor: int,
        folder: int,
        digest: Digest,
        place: Path,
        floor: int,
        cancellation: Cancellation | None,
    ) -> None:
        self.digest = digest
        self._name = f"{digest.algorithm}-{digest.hex}"
        self._descriptor = descriptor
        self._folder = folder
        self._place = place
        self._floor = floor
        self._cancellation = cancellation
        self._hasher = digest.hasher()
        self._offset = 0
        self._flushed = 0
        self._has_name = True

    @classmethod
    def lock(
        cls,
        folder: int,
        digest: Digest,
        place: Path,
        *,
        floor: int,
        cancellation: Cancellation | None,
    ) -> Self:
        """Open and lock the partial file, once nobody else has it.

        Args:
            folder: the owner's folder, as a file descriptor; it is duplicated.

        Raises:
            Cancelled: while waiting.
        """
        name = f"{digest.algorithm}-{digest.hex}"
        while True:
            descriptor = os.open(name, _OPEN, 0o600, dir_fd=folder)
            try:
                lock(descriptor, cancellation)
                if is_named(descriptor, name, folder):
                    return cls(descriptor, os.dup(folder), digest, place, floor, cancellation)
            except BaseException:
                os.close(descriptor)
                raise
            # Its writer finished and moved or removed it: what is locked here has no name any more.
            os.close(descriptor)

    def fill(self, size: int, open_source: OpenSource) -> None:
        """Take the blob's bytes, from where an earlier writer stopped, and bring them to the disk.

        Args:
            size: how many bytes the blob has.

        Raises:
            ContentMismatch: the source's bytes are not what the digest names; nothing is kept of them.
            StorageFull, StorageError: the disk took no more; nothing is kept.
            OciError: whatever the source raised; what has arrived is kept for a later writer.
        """
        try:
            self._resume(size)
            resumed_at = self._offset
            self._take(size, open_source, self._write)
            if resumed_at and not self.digest.matches(self._hasher):
                # The source may be right and the kept part wrong (a machine that lost power): once more from the start.
                self._restart()
                self._take(size, open_source, self._write)
            self._check_digest()
            self._sync(size)
        except (ContentMismatch, StorageError) as exc:
            if not exc.temporary:
                self.discard()
            raise

    def compare(self, size: int, open_source: OpenSource) -> None:
        """Take all the bytes from the source and keep none: whoever wants a blob that is on the disk already has to bring it.

        Raises:
            ContentMismatch: they are not what the digest names.
        """
        self._restart()
        self._take(size, open_source, self._count)
        self._check_digest()

    def move_to(self, folder: int) -> None:
        """Give the blob its name in another folder of the same disk, replacing what stands there."""
        os.rename(self._name, self.digest.hex, src_dir_fd=self._folder, dst_dir_fd=folder)
        self._has_name = False
        os.fsync(folder)

    def discard(self) -> None:
        """Remove what has arrived."""
        if self._has_name:
            self._has_name = False
            with storage_errors(self._place), suppress(FileNotFoundError):
                os.unlink(self._name, dir_fd=self._folder)

    def close(self) -> None:
        """Let the next writer in. An empty file is removed: there is nothing to go on with."""
        try:
            if os.fstat(self._descriptor).st_size == 0:
                self.discard()
        finally:
            os.close(self._descriptor)
            os.close(self._folder)

    def _resume(self, size: int) -> None:
        """Hash what an earlier writer left, up to its end."""
        self._forget()
        with storage_errors(self._place):
            os.lseek(self._descriptor, 0, os.SEEK_SET)
            kept = os.fstat(self._descriptor).st_size
            if kept > size:
                self._restart()
                kept = 0
            check_room(self._place, size - kept, self._floor)
            buffer = memoryview(bytearray(min(BUFFER_SIZE, kept)))
            while self._offset < kept and (count := os.readv(self._descriptor, [buffer])):
                self._hasher.update(buffer[:count])
                self._offset += count
                self._check_cancelled()
        self._flushed = self._offset

    def _restart(self) -> None:
        with storage_errors(self._place):
            os.lseek(self._descriptor, 0, os.SEEK_SET)
            os.ftruncate(self._descriptor, 0)
        self._forget()

    def _forget(self) -> None:
        self._hasher = self.digest.hasher()
        self._offset = self._flushed = 0

    def _take(
        self, size: int, open_source: OpenSource, consume: Callable[[memoryview], None]
    ) -> None:
        started_at = self._offset
        if started_at < size or size == 0:
            with open_source(started_at) as reader:
                self._receive(size, reader, consume)
        if self._offset < size:
            raise ContentMismatch(
                f"The source ended after {self._offset} of the {size} bytes of the blob {self.digest.short}.",
                advice="Try again; if it happens again, the image is damaged at its source and has to be pushed there anew.",
                temporary=self._offset > started_at,
            )

    def _receive(
        self, size: int, reader: BlobReader, consume: Callable[[memoryview], None]
    ) -> None:
        buffer = memoryview(bytearray(BUFFER_SIZE))
        while count := reader.readinto(buffer):
            if self._offset + count > size:
                raise ContentMismatch(
                    f"The source sends more than the {size} bytes of the blob {self.digest.short}.",
                    advice="The image is damaged at its source and has to be pushed there anew.",
                )
            chunk = buffer[:count]
            self._hasher.update(chunk)
            consume(chunk)
            self._check_cancelled()

    def _count(self, chunk: memoryview) -> None:
        self._offset += len(chunk)

    def _write(self, chunk: memoryview) -> None:
        try:
            while chunk:
                count = os.write(self._descriptor, chunk)
                self._offset += count
                chunk = chunk[count:]
        except OSError as exc:
            raise storage_error(exc, self._place) from exc
        if self._offset - self._flushed >= _WRITEBACK_STEP:
            self._start_writeback(self._flushed)
            self._flushed = self._offset
            check_room(self._place, 0, self._floor)

    def _check_digest(self) -> None:
        if not self.digest.matches(self._hasher):
            raise ContentMismatch(
                f"The source sent other bytes for the blob {self.digest.short} than its digest names.",
                advice="Try again; if it happens again, the image is damaged at its source and has to be pushed there anew.",
            )

    def _start_writeback(self, start: int) -> None:
        """Ask the kernel to begin writing what is dirty; it does so before it would drop any page (posix_fadvise(2))."""
        if hasattr(os, "posix_fadvise"):
            with suppress(OSError):
                os.posix_fadvise(
                    self._descriptor, start, self._offset - start, os.POSIX_FADV_DONTNEED
                )

    def _sync(self, size: int) -> None:
        with storage_errors(self._place):
            os.fsync(self._descriptor)
            kept = os.fstat(self._descriptor).st_size
        if kept != size:
            raise StorageError(
                f"The disk with the images ({self._place}) kept {kept} of the {size} bytes of the blob {self.digest.short}."
            )

    def _check_cancelled(self) -> None:
        if self._cancellation is not None:
            self._cancellation.check()
