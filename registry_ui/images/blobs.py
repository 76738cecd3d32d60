"""Blobs on disk, each under the name that its content has: `blobs/sha256/ab/<hex>`. Knows no database and no Django.

    blobs/<algorithm>/<2 hex>/<hex>     whole and verified: the only files that anybody reads
    partial/<owner>/<algorithm>-<hex>   being written, or left for a later worker to go on with
    quarantine/<algorithm>-<hex>        found damaged; never read again
    locks/<2 hex>                       held for a moment while a blob appears or disappears

A file gets its name under `blobs/` only when its bytes were hashed and are on the disk (fsync, rename, fsync of the
folder). Every folder and file is opened relative to its parent and without following symbolic links.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import BlobUnknown, ContentMismatch, InvalidDigest
from registry_ui.oci.store import BUFFER_SIZE, Cancellation

from .disk import free_bytes, is_named, lock, open_folder, storage_errors, try_lock
from .partials import PartialBlob

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
_LOCK = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC


class BlobFile:
    """An open blob: its bytes from an offset on, once. A removal or a repair meanwhile does not disturb it."""

    def __init__(self, descriptor: int, place: Path) -> None:
        self._descriptor = descriptor
        self._place = place

    @property
    def size(self) -> int:
        with storage_errors(self._place):
            return os.fstat(self._descriptor).st_size

    def readinto(self, buffer: memoryview, /) -> int:
        """Fill the buffer's start; 0 is the end.

        Raises:
            StorageError: the disk failed.
        """
        with storage_errors(self._place):
            return os.readv(self._descriptor, [buffer])

    def detach(self) -> int:
        """The file descriptor, which is the caller's to close from now on."""
        descriptor, self._descriptor = self._descriptor, -1
        return descriptor

    def close(self) -> None:
        descriptor = self.detach()
        if descriptor >= 0:
            os.close(descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()


class Publishable(Protocol):
    """Bytes on the disk that have the digest."""

    digest: Digest

    def move_to(self, folder: int) -> None: ...


class BlobDirectory:
    """The blobs below one folder. Safe for many threads and processes of one machine.

    Args:
        root: the folder; made when the first blob is written.
        free_space_floor: bytes of its disk that writing leaves free.
    """

    def __init__(self, root: Path, *, free_space_floor: int = 0) -> None:
        self.root = root
        self.floor = free_space_floor

    def size(self, digest: Digest) -> int | None:
        """Bytes of a blob; None where there is none."""
        status = self._status(digest)
        return None if status is None else status.st_size

    def written_at(self, digest: Digest) -> float | None:
        """When a blob was written, in seconds since 1970; None where there is none."""
        status = self._status(digest)
        return None if status is None else status.st_mtime

    def open(self, digest: Digest, offset: int = 0) -> BlobFile:
        """
        Raises:
            BlobUnknown: there is no such blob.
            StorageError: something else than a file stands there, or the disk failed.
        """
        with storage_errors(self.root):
            try:
                with self.folder(*_parents(digest)) as folder:
                    descriptor = os.open(digest.hex, _READ, dir_fd=folder)
            except FileNotFoundError as exc:
                raise BlobUnknown(
                    f"The blob {digest.short} is not in the local store.",
                    advice="Pull the image again: only what is missing is fetched.",
                ) from exc
            if offset:
                os.lseek(descriptor, offset, os.SEEK_SET)
            return BlobFile(descriptor, self.root)

    def read(self, digest: Digest, *, limit: int) -> bytes:
        """A small blob whole and verified.

        Raises:
            BlobUnknown: there is none.
            ContentMismatch: it is damaged, or larger than `limit` bytes.
        """
        filled = 0
        with self.open(digest) as file:
            size = file.size
            if size > limit:
                raise ContentMismatch(
                    f"The blob {digest.short} has {size} bytes; {limit} are the most for one read whole."
                )
            buffer = bytearray(size + 1)
            while filled < len(buffer) and (count := file.readinto(memoryview(buffer)[filled:])):
                filled += count
        content = bytes(memoryview(buffer)[:filled])
        if Digest.of(content, digest.algorithm) != digest:
            raise damaged(digest)
        return content

    def is_sound(self, digest: Digest, cancellation: Cancellation | None = None) -> bool:
        """Whether the blob, read whole, has the digest of its name.

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
        """The one right to write a blob for an owner. Whoever comes second waits here until the first has ended.

        Args:
            owner: letters and digits; partial files are never shared between owners.

        Raises:
            Cancelled: while waiting.
        """
        with storage_errors(self.root), self.folder("partial", owner, make=True) as folder:
            partial = PartialBlob.lock(
                folder, digest, self.root, floor=self.floor, cancellation=cancellation
            )
        try:
            yield partial
        finally:
            partial.close()

    @contextmanager
    def hold(self, digest: Digest, cancellation: Cancellation | None = None) -> Iterator[None]:
        """Nobody else makes the blob appear or disappear meanwhile. Hold it for a moment only: others share the lock."""
        with storage_errors(self.root), self.folder("locks", make=True) as folder:
            descriptor = os.open(digest.hex[:2], _LOCK, 0o600, dir_fd=folder)
        try:
            lock(descriptor, cancellation)
            yield
        finally:
            os.close(descriptor)

    def publish(self, partial: "Publishable") -> None:
        """Give what was filled and verified its name. Call it inside `hold`."""
        with storage_errors(self.root), self.folder(*_parents(partial.digest), make=True) as folder:
            partial.move_to(folder)

    def remove(self, digest: Digest) -> int:
        """Remove a blob and say how many bytes it had; 0 where there was none. Call it inside `hold`."""
        size = self.size(digest)
        if size is None:
            return 0
        with storage_errors(self.root), self.folder(*_parents(digest)) as folder:
            os.unlink(digest.hex, dir_fd=folder)
            os.fsync(folder)
        return size

    def quarantine(self, digest: Digest) -> None:
        """Take a damaged blob out of sight, so that the next pull fetches it anew. Call it inside `hold`."""
        with (
            storage_errors(self.root),
            suppress(FileNotFoundError),
            self.folder(*_parents(digest)) as folder,
            self.folder("quarantine", make=True) as quarantine,
        ):
            os.rename(digest.hex, _flat(digest), src_dir_fd=folder, dst_dir_fd=quarantine)
            # It stays for inspection as long as a partial file does, counted from now.
            os.utime(_flat(digest), dir_fd=quarantine, follow_symlinks=False)
            os.fsync(folder)
            os.fsync(quarantine)

    def remove_quarantined(self, digest: Digest) -> None:
        with (
            storage_errors(self.root),
            suppress(FileNotFoundError),
            self.folder("quarantine") as folder,
        ):
            os.unlink(_flat(digest), dir_fd=folder)

    def __iter__(self) -> Iterator[tuple[Digest, int]]:
        """Every blob with its bytes. What comes or goes meanwhile may be missed."""
        for algorithm in self._names("blobs"):
            for prefix in self._names("blobs", algorithm):
                for name in self._names("blobs", algorithm, prefix):
                    digest = _digest(algorithm, name)
                    if digest is not None and (size := self.size(digest)) is not None:
                        yield digest, size

    def strangers(self) -> Iterator[Path]:
        """Files below `blobs/` that are no blobs: nobody reads them, and nothing here removes them."""
        for algorithm in self._names("blobs"):
            for prefix in self._names("blobs", algorithm):
                for name in self._names("blobs", algorithm, prefix):
                    digest = _digest(algorithm, name)
                    if digest is None or _parents(digest)[-1] != prefix:
                        yield self.root / "blobs" / algorithm / prefix / name

    def remove_stale(self, before: float) -> tuple[int, int]:
        """Remove partial and quarantined files not written to since a time, in seconds since 1970; those in use stay.

        Returns:
            how many, and their bytes.
        """
        folders = [("partial", owner) for owner in self._names("partial")]
        removed = [
            self._remove_if_stale(parents, name, before)
            for parents in (*folders, ("quarantine",))
            for name in self._names(*parents)
        ]
        sizes = [size for size in removed if size is not None]
        return len(sizes), sum(sizes)

    def free_bytes(self) -> int:
        """What may still be written before the floor is reached."""
        place = next(folder for folder in (self.root, *self.root.parents) if folder.exists())
        with storage_errors(place):
            return max(0, free_bytes(place) - self.floor)

    def _remove_if_stale(self, parents: tuple[str, ...], name: str, before: float) -> int | None:
        with (
            storage_errors(self.root),
            suppress(FileNotFoundError, IsADirectoryError),
            self.folder(*parents) as folder,
        ):
            descriptor = os.open(name, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
            try:
                status = os.fstat(descriptor)
                if (
                    status.st_mtime < before
                    and try_lock(descriptor)
                    and is_named(descriptor, name, folder)
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
        return status if stat.S_ISREG(status.st_mode) else None

    def _names(self, *parents: str) -> list[str]:
        with storage_errors(self.root):
            try:
                with self.folder(*parents) as folder:
                    return sorted(entry.name for entry in os.scandir(folder))
            except FileNotFoundError:
                return []

    @contextmanager
    def folder(self, *names: str, make: bool = False) -> Iterator[int]:
        """A folder below the root, opened part by part without following symbolic links.

        Raises:
            FileNotFoundError: it is not there, and is not to be made.
        """
        descriptor = open_folder(None, self.root, make=make)
        try:
            for name in names:
                parent, descriptor = descriptor, open_folder(descriptor, name, make=make)
                os.close(parent)
            yield descriptor
        finally:
            os.close(descriptor)


def damaged(digest: Digest) -> ContentMismatch:
    """What a blob is that does not have the digest of its name."""
    return ContentMismatch(
        f"The blob {digest.short} in the local store is damaged: its bytes are not what its digest names.",
        advice="Pull the image again: only what is damaged is fetched.",
    )


def _parents(digest: Digest) -> tuple[str, str, str]:
    return "blobs", digest.algorithm, digest.hex[:2]


def _flat(digest: Digest) -> str:
    return f"{digest.algorithm}-{digest.hex}"


def _digest(algorithm: str, encoded: str) -> Digest | None:
    try:
        return Digest.parse(f"{algorithm}:{encoded}")
    except InvalidDigest:
        return None
