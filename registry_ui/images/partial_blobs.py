"""Partial blobs: files that one writer at a time fills, and a later one can continue."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Self

from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import ContentMismatch, StorageError
from registry_ui.oci.store import BUFFER_SIZE, BlobReader, Cancellation, OpenSource

from .disk import check_free_space, is_same_file, lock, storage_error, storage_errors

# O_NOFOLLOW: a symbolic link in place of the file would redirect the writes.
_OPEN = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
# Dirty pages are written while bytes still arrive, so that the final fsync is short.
_WRITEBACK_STEP = 8 * 1024 * 1024


class PartialBlob:
    """One owner's unfinished copy of a blob, opened by `BlobDirectory.claim`."""

    def __init__(
        self,
        descriptor: int,
        folder: int,
        digest: Digest,
        root: Path,
        min_free_bytes: int,
        cancellation: Cancellation | None,
    ) -> None:
        self.digest = digest
        self._name = f"{digest.algorithm}-{digest.hex}"
        self._descriptor = descriptor
        self._folder = folder
        self._root = root
        self._min_free_bytes = min_free_bytes
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
        root: Path,
        *,
        min_free_bytes: int,
        cancellation: Cancellation | None,
    ) -> Self:
        """Open and lock the partial file, once no other writer has it.

        Args:
            folder: the owner's folder, as a file descriptor; it is duplicated.

        Raises:
            Cancelled: while waiting.
        """
        name = f"{digest.algorithm}-{digest.hex}"
        while True:
            # An earlier writer may finish between open and lock, and then the locked file is not
            # the partial file any more.
            descriptor = os.open(name, _OPEN, 0o600, dir_fd=folder)
            try:
                lock(descriptor, cancellation)
                if is_same_file(descriptor, name, folder):
                    return cls(
                        descriptor, os.dup(folder), digest, root, min_free_bytes, cancellation
                    )
            except BaseException:
                os.close(descriptor)
                raise

            # The former writer has moved or removed the file.
            os.close(descriptor)

    def download(self, size: int, open_source: OpenSource) -> None:
        """Write the blob's bytes to the disk, from where an earlier writer stopped.

        Args:
            size: the blob's size in bytes.

        Raises:
            ContentMismatch: the source's bytes do not have the digest; none of them is kept.
            StorageFull, StorageError: the disk refused; nothing is kept.
            OciError: the source failed; the received bytes are kept for a later writer.
        """
        try:
            # The kept part is hashed first, so that the digest covers all bytes.
            self._resume(size)
            resumed_at = self._offset
            self._read_source(size, open_source, self._write)
            if resumed_at and not self.digest.matches(self._hasher):
                # The kept part may be damaged, by a power failure for example, and the source
                # right: download it again from the start.
                self._restart()
                self._read_source(size, open_source, self._write)
            self._check_digest()
            self._sync(size)
        except (ContentMismatch, StorageError) as exc:
            # A source that broke off is temporary, and its bytes are kept.
            if not exc.temporary:
                self.discard()
            raise

    def verify_source(self, size: int, open_source: OpenSource) -> None:
        """Read all bytes from the source and keep none of them.

        A team that wants a blob which is on the disk already has to prove that it has the bytes.

        Raises:
            ContentMismatch: they do not have the digest.
        """
        self._restart()
        self._read_source(size, open_source, self._skip)
        self._check_digest()

    def move_to(self, folder: int) -> None:
        """Move the blob to its final name in another folder of the same disk."""
        # Both folders are on one disk, so rename(2) is atomic and copies nothing.
        os.rename(self._name, self.digest.hex, src_dir_fd=self._folder, dst_dir_fd=folder)
        self._has_name = False
        os.fsync(folder)

    def discard(self) -> None:
        """Remove the received bytes."""
        if self._has_name:
            self._has_name = False
            with storage_errors(self._root), suppress(FileNotFoundError):
                os.unlink(self._name, dir_fd=self._folder)

    def close(self) -> None:
        """Release the lock; an empty file is removed."""
        try:
            if os.fstat(self._descriptor).st_size == 0:
                self.discard()
        finally:
            os.close(self._descriptor)
            os.close(self._folder)

    def _resume(self, size: int) -> None:
        """Hash the bytes that an earlier writer left."""
        self._reset_hash()
        with storage_errors(self._root):
            os.lseek(self._descriptor, 0, os.SEEK_SET)
            kept_size = os.fstat(self._descriptor).st_size

            # More bytes than the blob has cannot be a part of it.
            if kept_size > size:
                self._restart()
                kept_size = 0

            check_free_space(self._root, size - kept_size, self._min_free_bytes)
            buffer = memoryview(bytearray(min(BUFFER_SIZE, kept_size)))

            while self._offset < kept_size and (count := os.readv(self._descriptor, [buffer])):
                self._hasher.update(buffer[:count])
                self._offset += count
                self._check_cancelled()

        self._flushed = self._offset

    def _restart(self) -> None:
        with storage_errors(self._root):
            os.lseek(self._descriptor, 0, os.SEEK_SET)
            os.ftruncate(self._descriptor, 0)
        self._reset_hash()

    def _reset_hash(self) -> None:
        self._hasher = self.digest.hasher()
        self._offset = self._flushed = 0

    def _read_source(
        self, size: int, open_source: OpenSource, consume: Callable[[memoryview], None]
    ) -> None:
        started_at = self._offset

        # A complete part needs no request; an empty blob does, to show that the source has it.
        if started_at < size or size == 0:
            with open_source(started_at) as reader:
                self._read_body(size, reader, consume)
        if self._offset < size:
            raise ContentMismatch(
                "source_ended_early",
                temporary=self._offset > started_at,
                offset=self._offset,
                size=size,
                digest=self.digest,
            )

    def _read_body(
        self, size: int, reader: BlobReader, consume: Callable[[memoryview], None]
    ) -> None:
        buffer = memoryview(bytearray(BUFFER_SIZE))
        while count := reader.readinto(buffer):
            # The size comes from the descriptor; a source that sends more is refused before the
            # disk fills up.
            if self._offset + count > size:
                raise ContentMismatch("source_too_long", size=size, digest=self.digest)

            # The bytes are hashed as they pass, so no blob is read twice.
            chunk = buffer[:count]
            self._hasher.update(chunk)
            consume(chunk)
            self._check_cancelled()

    def _skip(self, chunk: memoryview) -> None:
        self._offset += len(chunk)

    def _write(self, chunk: memoryview) -> None:
        try:
            # write(2) may write less than it was given.
            while chunk:
                count = os.write(self._descriptor, chunk)
                self._offset += count
                chunk = chunk[count:]
        except OSError as exc:
            raise storage_error(exc, self._root) from exc

        # The free space is checked at the same interval: other programs fill the disk, too.
        if self._offset - self._flushed >= _WRITEBACK_STEP:
            self._start_writeback(self._flushed)
            self._flushed = self._offset
            check_free_space(self._root, 0, self._min_free_bytes)

    def _check_digest(self) -> None:
        if not self.digest.matches(self._hasher):
            raise ContentMismatch("source_bytes_differ", digest=self.digest)

    def _start_writeback(self, start: int) -> None:
        """Start writing dirty pages to the disk.

        The kernel does so before it drops pages (posix_fadvise(2), POSIX_FADV_DONTNEED).
        """
        if hasattr(os, "posix_fadvise"):
            with suppress(OSError):
                os.posix_fadvise(
                    self._descriptor, start, self._offset - start, os.POSIX_FADV_DONTNEED
                )

    def _sync(self, size: int) -> None:
        with storage_errors(self._root):
            # A write error may be reported only by fsync(2).
            os.fsync(self._descriptor)
            kept_size = os.fstat(self._descriptor).st_size

        # A file that the disk has cut off must not become a blob.
        if kept_size != size:
            raise StorageError(
                "disk_kept_too_little",
                root=self._root,
                kept=kept_size,
                size=size,
                digest=self.digest,
            )

    def _check_cancelled(self) -> None:
        if self._cancellation is not None:
            self._cancellation.check()
