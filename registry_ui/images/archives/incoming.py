"""The files of archives on their way in: `incoming/<id>` as it came, `incoming/<id>.tar` where gzip was undone.

On the disk of the images, for this user only, and never opened through a symbolic link. Knows no database.
"""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import UUID

from registry_ui.oci.archive.container import ArchiveFile, gunzip
from registry_ui.oci.archive.limits import ArchiveLimits
from registry_ui.oci.errors import InvalidArchive
from registry_ui.oci.store import BUFFER_SIZE

from ..disk import check_room, open_folder, storage_errors

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
_NAME = re.compile(r"([0-9a-f]{32})(?:\.tar(?:\.part)?)?")
_ROOM_STEP = 64 * 1024 * 1024


class IncomingFolder:
    """
    Args:
        root: the folder of the images.
        free_space_floor: bytes of its disk that writing leaves free.
    """

    def __init__(self, root: Path, *, free_space_floor: int = 0) -> None:
        self._root = root
        self._floor = free_space_floor

    def received(self, pk: UUID) -> int:
        """Bytes of an upload that are here."""
        with storage_errors(self._root), suppress(FileNotFoundError), self._folder() as folder:
            return os.stat(pk.hex, dir_fd=folder, follow_symlinks=False).st_size
        return 0

    def check_room(self, needed: int) -> None:
        """
        Raises:
            StorageFull
        """
        with storage_errors(self._root), self._folder():
            check_room(self._root, needed, self._floor)

    def append(self, pk: UUID, offset: int, size: int, read: Callable[[int], bytes]) -> int:
        """Write what `read` gives from `offset` on, and say where it ended: at `size` bytes at the latest.

        Two writers of one upload do no harm: each writes the same bytes to the same places.
        """
        with storage_errors(self._root), self._folder() as folder:
            descriptor = os.open(pk.hex, _WRITE, 0o600, dir_fd=folder)
        try:
            writer = _Writer(descriptor, self._root, self._floor, offset)
            while writer.offset < size and (piece := read(min(BUFFER_SIZE, size - writer.offset))):
                writer.write(piece)
            return writer.offset
        finally:
            os.close(descriptor)

    @contextmanager
    def opened(
        self, pk: UUID, place: Path | None, limits: ArchiveLimits, check: Callable[[], None]
    ) -> Iterator[ArchiveFile]:
        """The tar of an upload. Where it came compressed, that is undone into a file first, once.

        Args:
            place: where the file lies that was named on the command line.

        Raises:
            InvalidArchive: it is not here any more, or cannot be decompressed.
        """
        file = self._open(pk, place)
        try:
            if file.is_gzip:
                packed, file = file, self._decompressed(pk, file, limits, check)
                packed.close()
            yield file
        finally:
            file.close()

    @contextmanager
    def original(self, pk: UUID, place: Path | None) -> Iterator[ArchiveFile]:
        """The file as it came."""
        file = self._open(pk, place)
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
        """The uploads of which there are files, each with the time of its latest write in seconds since 1970."""
        with storage_errors(self._root), self._folder() as folder:
            entries = [
                (entry.name, entry.stat(follow_symlinks=False).st_mtime)
                for entry in os.scandir(folder)
            ]
        latest: dict[UUID, float] = {}
        for name, written_at in entries:
            if match := _NAME.fullmatch(name):
                pk = UUID(match[1])
                latest[pk] = max(written_at, latest.get(pk, 0.0))
        yield from latest.items()

    def _open(self, pk: UUID, place: Path | None) -> ArchiveFile:
        try:
            if place is not None:
                return ArchiveFile(os.open(place, os.O_RDONLY | os.O_CLOEXEC))
            with self._folder() as folder:
                return ArchiveFile(os.open(pk.hex, _READ, dir_fd=folder))
        except OSError as exc:
            raise gone() from exc

    def _decompressed(
        self, pk: UUID, packed: ArchiveFile, limits: ArchiveLimits, check: Callable[[], None]
    ) -> ArchiveFile:
        with storage_errors(self._root), self._folder() as folder:
            name, draft = f"{pk.hex}.tar", f"{pk.hex}.tar.part"
            with suppress(FileNotFoundError):
                return ArchiveFile(os.open(name, _READ, dir_fd=folder))
            descriptor = os.open(draft, _WRITE | os.O_TRUNC, 0o600, dir_fd=folder)
            try:
                gunzip(packed, _Writer(descriptor, self._root, self._floor, 0).write, limits, check)
                os.rename(draft, name, src_dir_fd=folder, dst_dir_fd=folder)
            except BaseException:
                with suppress(FileNotFoundError):
                    os.unlink(draft, dir_fd=folder)
                raise
            finally:
                os.close(descriptor)
            return ArchiveFile(os.open(name, _READ, dir_fd=folder))

    @contextmanager
    def _folder(self) -> Iterator[int]:
        root = open_folder(None, self._root, make=True)
        try:
            folder = open_folder(root, "incoming", make=True)
        finally:
            os.close(root)
        try:
            yield folder
        finally:
            os.close(folder)


class _Writer:
    """Writes one file from an offset on, and looks at the room on the disk now and then."""

    def __init__(self, descriptor: int, place: Path, floor: int, offset: int) -> None:
        self._descriptor = descriptor
        self._place = place
        self._floor = floor
        self._looked_at = offset
        self.offset = offset

    def write(self, piece: bytes) -> None:
        left = memoryview(piece)
        with storage_errors(self._place):
            while left:
                count = os.pwrite(self._descriptor, left, self.offset)
                self.offset += count
                left = left[count:]
        if self.offset - self._looked_at >= _ROOM_STEP:
            self._looked_at = self.offset
            check_room(self._place, 0, self._floor)


def gone() -> InvalidArchive:
    return InvalidArchive("The archive is not here any more.", advice="Import the file again.")
