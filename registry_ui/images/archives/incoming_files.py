"""Files of archives that are being imported. No database.

    incoming/<id>       the file as uploaded
    incoming/<id>.tar   its decompressed form, for gzip

They are on the disk of the images, readable by this user only, and never opened through a
symbolic link.
"""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import UUID

from registry_ui.oci.archive.archive_file import ArchiveFile, gunzip
from registry_ui.oci.archive.limits import ArchiveLimits
from registry_ui.oci.errors import InvalidArchive
from registry_ui.oci.store import BUFFER_SIZE

from ..disk import check_free_space, open_folder, storage_errors

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
_NAME = re.compile(r"([0-9a-f]{32})(?:\.tar(?:\.part)?)?")
_SPACE_CHECK_STEP = 64 * 1024 * 1024


class IncomingFolder:
    """The folder of uploaded archives.

    Args:
        root: the folder of the images.
        min_free_bytes: bytes of its disk that stay free.
    """

    def __init__(self, root: Path, *, min_free_bytes: int = 0) -> None:
        self._root = root
        self._min_free_bytes = min_free_bytes

    def received_bytes(self, pk: UUID) -> int:
        """Return the number of received bytes of an upload."""
        with storage_errors(self._root), suppress(FileNotFoundError), self._folder() as folder:
            return os.stat(pk.hex, dir_fd=folder, follow_symlinks=False).st_size
        return 0

    def check_free_space(self, needed: int) -> None:
        """Refuse an upload for which there is not enough space.

        Raises:
            StorageFull
        """
        with storage_errors(self._root), self._folder():
            check_free_space(self._root, needed, self._min_free_bytes)

    def append(self, pk: UUID, offset: int, size: int, read: Callable[[int], bytes]) -> int:
        """Write the bytes of `read` at `offset`; return the new end, at most `size`.

        Two writers of one upload do no harm: both write the same bytes at the same offsets.
        """
        with storage_errors(self._root), self._folder() as folder:
            descriptor = os.open(pk.hex, _WRITE, 0o600, dir_fd=folder)
        try:
            # pwrite(2) has its own offset, so two requests cannot move each other's.
            writer = _Writer(descriptor, self._root, self._min_free_bytes, offset)
            while writer.offset < size and (chunk := read(min(BUFFER_SIZE, size - writer.offset))):
                writer.write(chunk)
            return writer.offset
        finally:
            os.close(descriptor)

    @contextmanager
    def open_tar(
        self, pk: UUID, path: Path | None, limits: ArchiveLimits, check: Callable[[], None]
    ) -> Iterator[ArchiveFile]:
        """Open the tar of an upload; a compressed one is decompressed to a file once.

        Args:
            path: the file that was named on the command line.

        Raises:
            InvalidArchive: it no longer exists, or cannot be decompressed.
        """
        file = self._open(pk, path)
        try:
            if file.is_gzip:
                # Members are read in any order, which a gzip stream does not allow.
                packed, file = file, self._decompressed(pk, file, limits, check)
                packed.close()
            yield file
        finally:
            file.close()

    @contextmanager
    def open_original(self, pk: UUID, path: Path | None) -> Iterator[ArchiveFile]:
        """Open the file as it was uploaded."""
        file = self._open(pk, path)
        try:
            yield file
        finally:
            file.close()

    def remove(self, pk: UUID) -> None:
        with storage_errors(self._root), self._folder() as folder:
            for name in (pk.hex, f"{pk.hex}.tar", f"{pk.hex}.tar.part"):
                with suppress(FileNotFoundError):
                    os.unlink(name, dir_fd=folder)

    def __iter__(self) -> Iterator[tuple[UUID, float]]:
        """Iterate over uploads that have files, with the time of their latest write.

        The time is in seconds since 1970.
        """
        with storage_errors(self._root), self._folder() as folder:
            entries = [
                (entry.name, entry.stat(follow_symlinks=False).st_mtime)
                for entry in os.scandir(folder)
            ]

        latest: dict[UUID, float] = {}
        for name, written_at in entries:
            # An upload has up to three files; the latest write counts for its age.
            if match := _NAME.fullmatch(name):
                pk = UUID(match[1])
                latest[pk] = max(written_at, latest.get(pk, 0.0))

        yield from latest.items()

    def _open(self, pk: UUID, path: Path | None) -> ArchiveFile:
        try:
            # The operator named this path, so symbolic links in it are followed.
            if path is not None:
                return ArchiveFile(os.open(path, os.O_RDONLY | os.O_CLOEXEC))
            with self._folder() as folder:
                return ArchiveFile(os.open(pk.hex, _READ, dir_fd=folder))
        except OSError as exc:
            raise archive_missing() from exc

    def _decompressed(
        self, pk: UUID, packed: ArchiveFile, limits: ArchiveLimits, check: Callable[[], None]
    ) -> ArchiveFile:
        with storage_errors(self._root), self._folder() as folder:
            name, partial_name = f"{pk.hex}.tar", f"{pk.hex}.tar.part"
            with suppress(FileNotFoundError):
                return ArchiveFile(os.open(name, _READ, dir_fd=folder))

            # The file gets its final name when it is complete; a later call uses it.
            descriptor = os.open(partial_name, _WRITE | os.O_TRUNC, 0o600, dir_fd=folder)
            try:
                gunzip(
                    packed,
                    _Writer(descriptor, self._root, self._min_free_bytes, 0).write,
                    limits,
                    check,
                )
                os.rename(partial_name, name, src_dir_fd=folder, dst_dir_fd=folder)
            except BaseException:
                with suppress(FileNotFoundError):
                    os.unlink(partial_name, dir_fd=folder)
                raise
            finally:
                os.close(descriptor)

            return ArchiveFile(os.open(name, _READ, dir_fd=folder))

    @contextmanager
    def _folder(self) -> Iterator[int]:
        root = open_folder(None, self._root, create=True)
        try:
            folder = open_folder(root, "incoming", create=True)
        finally:
            os.close(root)
        try:
            yield folder
        finally:
            os.close(folder)


class _Writer:
    """A writer of one file from an offset on, which checks the free space regularly."""

    def __init__(self, descriptor: int, path: Path, min_free_bytes: int, offset: int) -> None:
        self._descriptor = descriptor
        self._path = path
        self._min_free_bytes = min_free_bytes
        self._checked_offset = offset
        self.offset = offset

    def write(self, chunk: bytes) -> None:
        left = memoryview(chunk)
        with storage_errors(self._path):
            # pwrite(2) may write less than it was given.
            while left:
                count = os.pwrite(self._descriptor, left, self.offset)
                self.offset += count
                left = left[count:]
        if self.offset - self._checked_offset >= _SPACE_CHECK_STEP:
            self._checked_offset = self.offset
            check_free_space(self._path, 0, self._min_free_bytes)


def archive_missing() -> InvalidArchive:
    return InvalidArchive("archive_file_gone")
