"""What the operating system says of the disk, in the words of oci/errors.py; locks that a cancelled transfer stops waiting for."""

import errno
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from registry_ui.oci.errors import StorageError, StorageFull
from registry_ui.oci.store import Cancellation

FULL_ADVICE = "Free some space there: remove images that nobody needs and run `manage.py collect_blobs`, or enlarge the disk; then retry."

_LOCK_POLL_SECONDS = 0.05
_ADVICE = {
    errno.EROFS: "It is mounted read-only, often after a fault of the disk: look into the system's log and remount it.",
    errno.EIO: "The disk reports a fault: look into the system's log, and restore from a backup if it goes on.",
    errno.EACCES: "Let it belong to the user under which Registry UI runs.",
    errno.EPERM: "Let it belong to the user under which Registry UI runs.",
    errno.ELOOP: "A symbolic link stands where only a file of Registry UI may: find out who put it there, and remove it.",
    errno.ENOTDIR: "A file or a symbolic link stands where only a folder may: find out who put it there, and remove it.",
    errno.EFBIG: "The largest size that a file may have here is too small: raise the limit (ulimit -f).",
    errno.EMFILE: "Raise the number of files that one process may open (ulimit -n).",
}


def binary_size(count: int) -> str:
    """Bytes as a person reads them: 12.4 MiB."""
    size = float(count)
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if abs(size) < 1024 or unit == "TiB":
            break
        size /= 1024
    return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"


def storage_error(exc: OSError, place: Path) -> StorageError:
    """What to raise for a system call that failed below `place`."""
    if exc.errno in (errno.ENOSPC, errno.EDQUOT):
        cause = "is full" if exc.errno == errno.ENOSPC else "has no more room for this user (quota)"
        return StorageFull(f"The disk with the images ({place}) {cause}.", advice=FULL_ADVICE)
    reason = os.strerror(exc.errno) if exc.errno else type(exc).__name__
    return StorageError(
        f"The disk with the images ({place}) refused: {reason}.",
        advice=_ADVICE.get(exc.errno or 0, ""),
    )


@contextmanager
def storage_errors(place: Path) -> Iterator[None]:
    """
    Raises:
        StorageError, StorageFull: in place of every OSError inside.
    """
    try:
        yield
    except OSError as exc:
        raise storage_error(exc, place) from exc


def free_bytes(place: Path) -> int:
    """What an ordinary user may still write to the disk of `place`."""
    status = os.statvfs(place)
    return status.f_bavail * status.f_frsize


def check_room(place: Path, needed: int, floor: int) -> None:
    """
    Raises:
        StorageFull: writing `needed` bytes would leave less than `floor` bytes free.
    """
    free = free_bytes(place)
    if free - needed >= floor:
        return
    kept = f", and {binary_size(floor)} have to stay free" if floor else ""
    raise StorageFull(
        f"The disk with the images ({place}) has too little room: {binary_size(needed)} are needed, {binary_size(free)} are free{kept}.",
        advice=FULL_ADVICE,
    )


def open_folder(parent: int | None, name: str | Path, *, make: bool) -> int:
    """A file descriptor of a folder below `parent`; a symbolic link in its place is refused, but for the root's own."""
    flags = (
        os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | (os.O_NOFOLLOW if parent is not None else 0)
    )
    try:
        return os.open(name, flags, dir_fd=parent)
    except FileNotFoundError:
        if not make:
            raise
    if parent is None:
        Path(name).mkdir(mode=0o700, parents=True, exist_ok=True)
    else:
        try:
            os.mkdir(name, 0o700, dir_fd=parent)
            os.fsync(parent)
        except FileExistsError:
            pass  # Another worker was quicker.
    return os.open(name, flags, dir_fd=parent)


def lock(descriptor: int, cancellation: Cancellation | None = None) -> None:
    """Wait for the exclusive lock of an open file.

    Raises:
        Cancelled: somebody asked to stop meanwhile.
    """
    while not try_lock(descriptor):
        if cancellation is None:
            time.sleep(_LOCK_POLL_SECONDS)
        else:
            cancellation.wait(_LOCK_POLL_SECONDS)


def try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_named(descriptor: int, name: str, folder: int) -> bool:
    """Whether the open file still is the one of this name: whoever waited for its lock may find it moved or removed."""
    opened = os.fstat(descriptor)
    try:
        named = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return (opened.st_dev, opened.st_ino) == (named.st_dev, named.st_ino)
