"""Blobs on the disk, each named by its digest. No database and no Django.

    blobs/<algorithm>/<2 hex>/<hex>     complete and verified: only these files are read
    partial/<owner>/<algorithm>-<hex>   being written, or left for a later worker to continue
    quarantine/<algorithm>-<hex>        damaged, and never read again
    locks/<2 hex>                       locked briefly while a blob is added or removed

A file is moved to `blobs/` only after its bytes were hashed and written to the disk (fsync,
rename, fsync of the folder). Every folder and file is opened relative to its parent and without
following symbolic links.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import BlobUnknown, ContentMismatch, InvalidDigest
from registry_ui.oci.store import BUFFER_SIZE, Cancellation

from .blob_file import BlobFile
from .disk import free_bytes, is_same_file, lock, open_folder, storage_errors, try_lock
from .partial_blobs import PartialBlob

# O_NONBLOCK: a FIFO in place of a blob must not block its reader.
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
_LOCK = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC


class Publishable(Protocol):
    """Bytes on the disk that have the digest."""

    digest: Digest

    def move_to(self, folder: int) -> None: ...


class BlobDirectory:
    """The blobs below one folder. Many threads and processes of one machine may use it.

    Args:
        root: the folder; created when the first blob is written.
        min_free_bytes: bytes of its disk that stay free.
    """

    def __init__(self, root: Path, *, min_free_bytes: int = 0) -> None:
        self.root = root
        self.min_free_bytes = min_free_bytes

    def size(self, digest: Digest) -> int | None:
        """Return the size of a blob in bytes; None where there is none."""
        status = self._status(digest)
        return None if status is None else status.st_size

    def written_at(self, digest: Digest) -> float | None:
        """Return when a blob was written, in seconds since 1970.

        None where there is none.
        """
        status = self._status(digest)
        return None if status is None else status.st_mtime

    def open(self, digest: Digest, offset: int = 0) -> BlobFile:
        """Open a blob.

        Raises:
            BlobUnknown: there is no such blob.
            StorageError: it is not a file, or the disk failed.
        """
        with storage_errors(self.root):
            try:
                with self.folder(*_parents(digest)) as folder:
                    descriptor = os.open(digest.hex, _READ, dir_fd=folder)
            except FileNotFoundError as exc:
                raise BlobUnknown("local_blob_missing", digest=digest) from exc
            if offset:
                os.lseek(descriptor, offset, os.SEEK_SET)

            return BlobFile(descriptor, self.root)

    def read(self, digest: Digest, *, limit: int) -> bytes:
        """Return the verified bytes of a small blob.

        Raises:
            BlobUnknown: there is none.
            ContentMismatch: it is damaged, or larger than `limit` bytes.
        """
        filled = 0
        with self.open(digest) as file:
            size = file.size

            # The blob is read into memory, so a damaged or wrong file must not exhaust it.
            if size > limit:
                raise ContentMismatch(
                    "blob_too_large_to_read", digest=digest, size=size, limit=limit
                )

            # One byte more than the size shows a file that grew meanwhile.
            buffer = bytearray(size + 1)
            while filled < len(buffer) and (count := file.readinto(memoryview(buffer)[filled:])):
                filled += count

        content = bytes(memoryview(buffer)[:filled])
        if Digest.of(content, digest.algorithm) != digest:
            raise damaged(digest)

        return content

    def is_intact(self, digest: Digest, cancellation: Cancellation | None = None) -> bool:
        """Return whether the blob's bytes have the digest of its name.

        Raises:
            BlobUnknown: there is none.
        """
        hasher = digest.hasher()
        buffer = memoryview(bytearray(BUFFER_SIZE))
        with self.open(digest) as file:
            while count := file.readinto(buffer):
                hasher.update(buffer[:count])
                if cancellation is not None:
                    cancellation.check()
        return digest.matches(hasher)

    @contextmanager
    def claim(
        self, digest: Digest, *, owner: str, cancellation: Cancellation | None = None
    ) -> Iterator[PartialBlob]:
        """Open and lock the partial file of a blob; a second writer waits for the first.

        Args:
            owner: letters and digits; owners never share a partial file.

        Raises:
            Cancelled: while waiting.
        """
        with storage_errors(self.root), self.folder("partial", owner, create=True) as folder:
            partial = PartialBlob.lock(
                folder,
                digest,
                self.root,
                min_free_bytes=self.min_free_bytes,
                cancellation=cancellation,
            )

        try:
            yield partial
        finally:
            # Closing releases the lock (flock(2)), and a crash closes it too.
            partial.close()

    @contextmanager
    def locked(self, digest: Digest, cancellation: Cancellation | None = None) -> Iterator[None]:
        """Lock a blob against being added or removed by others.

        Hold the lock briefly: blobs with the same first two hex digits share it.
        """
        with storage_errors(self.root), self.folder("locks", create=True) as folder:
            # 256 lock files are enough. None is ever removed, so a lock never refers to a deleted
            # file.
            descriptor = os.open(digest.hex[:2], _LOCK, 0o600, dir_fd=folder)
        try:
            lock(descriptor, cancellation)
            yield
        finally:
            os.close(descriptor)

    def publish(self, partial: "Publishable") -> None:
        """Move verified bytes to their place under `blobs/`. Call it inside `locked`."""
        with (
            storage_errors(self.root),
            self.folder(*_parents(partial.digest), create=True) as folder,
        ):
            # rename(2) is atomic: a reader finds either no file or the whole blob.
            partial.move_to(folder)

    def remove(self, digest: Digest) -> int:
        """Remove a blob and return its size; 0 where there was none.

        Call it inside `locked`.
        """
        size = self.size(digest)
        if size is None:
            return 0
        with storage_errors(self.root), self.folder(*_parents(digest)) as folder:
            # Readers that have the blob open can finish (unlink(2)).
            os.unlink(digest.hex, dir_fd=folder)
            os.fsync(folder)
        return size

    def quarantine(self, digest: Digest) -> None:
        """Move a damaged blob to `quarantine/`, so that the next pull fetches it again.

        Call it inside `locked`.
        """
        with (
            storage_errors(self.root),
            suppress(FileNotFoundError),
            self.folder(*_parents(digest)) as folder,
            self.folder("quarantine", create=True) as quarantine,
        ):
            os.rename(digest.hex, _flat_name(digest), src_dir_fd=folder, dst_dir_fd=quarantine)
            # The grace period of quarantined files starts now (`remove_stale`).
            os.utime(_flat_name(digest), dir_fd=quarantine, follow_symlinks=False)
            os.fsync(folder)
            os.fsync(quarantine)

    def remove_quarantined(self, digest: Digest) -> None:
        with (
            storage_errors(self.root),
            suppress(FileNotFoundError),
            self.folder("quarantine") as folder,
        ):
            os.unlink(_flat_name(digest), dir_fd=folder)

    def __iter__(self) -> Iterator[tuple[Digest, int]]:
        """Iterate over all blobs with their sizes.

        Blobs that are added or removed meanwhile may be missed.
        """
        for algorithm in self._entries("blobs"):
            for prefix in self._entries("blobs", algorithm):
                for name in self._entries("blobs", algorithm, prefix):
                    digest = _parse_digest(algorithm, name)
                    if digest is not None and (size := self.size(digest)) is not None:
                        yield digest, size

    def foreign_files(self) -> Iterator[Path]:
        """Yield the files below `blobs/` that are no blobs.

        They are neither read nor removed.
        """
        for algorithm in self._entries("blobs"):
            for prefix in self._entries("blobs", algorithm):
                for name in self._entries("blobs", algorithm, prefix):
                    digest = _parse_digest(algorithm, name)
                    if digest is None or _parents(digest)[-1] != prefix:
                        yield self.root / "blobs" / algorithm / prefix / name

    def remove_stale(self, before: float) -> tuple[int, int]:
        """Remove unused partial and quarantined files last written before a time.

        Args:
            before: in seconds since 1970.

        Returns:
            how many files, and their bytes.
        """
        folders = [("partial", owner) for owner in self._entries("partial")]
        removed = [
            self._remove_if_stale(parents, name, before)
            for parents in (*folders, ("quarantine",))
            for name in self._entries(*parents)
        ]

        # A file that is in use, or young, gives None.
        sizes = [size for size in removed if size is not None]
        return len(sizes), sum(sizes)

    def free_bytes(self) -> int:
        """Return how many bytes may still be written."""
        # The root is created by the first write; until then, its disk is that of the nearest
        # parent.
        path = next(folder for folder in (self.root, *self.root.parents) if folder.exists())
        with storage_errors(path):
            return max(0, free_bytes(path) - self.min_free_bytes)

    def _remove_if_stale(self, parents: tuple[str, ...], name: str, before: float) -> int | None:
        with (
            storage_errors(self.root),
            suppress(FileNotFoundError, IsADirectoryError),
            self.folder(*parents) as folder,
        ):
            descriptor = os.open(name, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
            try:
                status = os.fstat(descriptor)

                # The lock and the name are checked after opening, because a writer may have taken
                # or moved the file meanwhile.
                if (
                    status.st_mtime < before
                    and try_lock(descriptor)
                    and is_same_file(descriptor, name, folder)
                ):
                    os.unlink(name, dir_fd=folder)
                    return status.st_size
            finally:
                os.close(descriptor)

        return None

    def _status(self, digest: Digest) -> os.stat_result | None:
        with storage_errors(self.root):
            try:
                with self.folder(*_parents(digest)) as folder:
                    status = os.stat(digest.hex, dir_fd=folder, follow_symlinks=False)
            except FileNotFoundError:
                return None

        # A symbolic link or a folder in place of a blob counts as missing.
        return status if stat.S_ISREG(status.st_mode) else None

    def _entries(self, *parents: str) -> list[str]:
        with storage_errors(self.root):
            try:
                with self.folder(*parents) as folder:
                    return sorted(entry.name for entry in os.scandir(folder))
            except FileNotFoundError:
                return []

    @contextmanager
    def folder(self, *names: str, create: bool = False) -> Iterator[int]:
        """Open a folder below the root without following symbolic links.

        Raises:
            FileNotFoundError: it does not exist, and `create` is false.
        """
        descriptor = open_folder(None, self.root, create=create)
        try:
            for name in names:
                # Each folder is opened relative to its parent, so no link can redirect the path
                # (openat(2), O_NOFOLLOW).
                parent, descriptor = descriptor, open_folder(descriptor, name, create=create)
                os.close(parent)
            yield descriptor
        finally:
            os.close(descriptor)


def damaged(digest: Digest) -> ContentMismatch:
    """Return the error for a blob whose bytes do not have the digest of its name."""
    return ContentMismatch("local_blob_damaged", digest=digest)


def _parents(digest: Digest) -> tuple[str, str, str]:
    return "blobs", digest.algorithm, digest.hex[:2]


def _flat_name(digest: Digest) -> str:
    return f"{digest.algorithm}-{digest.hex}"


def _parse_digest(algorithm: str, encoded: str) -> Digest | None:
    try:
        return Digest.parse(f"{algorithm}:{encoded}")
    except InvalidDigest:
        return None
