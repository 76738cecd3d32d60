"""Access to the disk: free space, locks, and errors in the terms of oci/errors.py.

A cancelled transfer stops waiting for a lock.
"""

import errno
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from registry_ui.oci.errors import StorageError, StorageFull
from registry_ui.oci.store import Cancellation

FULL_ADVICE = (
    "Free some space there: remove images that nobody needs and run `manage.py "
    "collect_blobs`, or enlarge the disk; then retry."
)

# flock(2) has no timeout, so a lock is polled to notice a cancellation.
_LOCK_POLL_SECONDS = 0.05
_ADVICE = {
    errno.EROFS: "It is mounted read-only, often after a fault of the disk: look into the "
    "system's log and remount it.",
    errno.EIO: "The disk reports a fault: look into the system's log, and restore from a backup "
    "if it goes on.",
    errno.EACCES: "Let it belong to the user under which Registry UI runs.",
    errno.EPERM: "Let it belong to the user under which Registry UI runs.",
    errno.ELOOP: "A symbolic link stands where only a file of Registry UI may: find out who put "
    "it there, and remove it.",
    errno.ENOTDIR: "A file or a symbolic link stands where only a folder may: find out who put it "
    "there, and remove it.",
    errno.EFBIG: "The largest size that a file may have here is too small: raise the limit "
    "(ulimit -f).",
    errno.EMFILE: "Raise the number of files that one process may open (ulimit -n).",
}


def binary_size(count: int) -> str:
    """Return a size in bytes as text: 12.4 MiB."""
    size = float(count)
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if abs(size) < 1024 or unit == "TiB":
            break
        size /= 1024
    return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"


def storage_error(exc: OSError, path: Path) -> StorageError:
    """Return the error for a system call that failed below `path`."""
    # A full disk has an error of its own: a retry helps once there is space.
    if exc.errno in (errno.ENOSPC, errno.EDQUOT):
        cause = "is full" if exc.errno == errno.ENOSPC else "has no more room for this user (quota)"
        return StorageFull(f"The disk with the images ({path}) {cause}.", advice=FULL_ADVICE)
    reason = os.strerror(exc.errno) if exc.errno else type(exc).__name__
    return StorageError(
        f"The disk with the images ({path}) refused: {reason}.",
        advice=_ADVICE.get(exc.errno or 0, ""),
    )


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Turn every OSError inside into a storage error.

    Raises:
        StorageError, StorageFull
    """
    try:
        yield
    except OSError as exc:
        raise storage_error(exc, path) from exc


def free_bytes(path: Path) -> int:
    """Return how many bytes an ordinary user may still write to the disk of `path`."""
    # f_bavail leaves out the blocks that are reserved for root (statvfs(3)).
    status = os.statvfs(path)
    return status.f_bavail * status.f_frsize


def check_free_space(path: Path, needed: int, min_free_bytes: int) -> None:
    """Refuse a write that would leave less than `min_free_bytes` free.

    Raises:
        StorageFull
    """
    free = free_bytes(path)
    if free - needed >= min_free_bytes:
        return
    reserve = f", and {binary_size(min_free_bytes)} have to stay free" if min_free_bytes else ""
    raise StorageFull(
        f"The disk with the images ({path}) has too little room: {binary_size(needed)} are "
        f"needed, {binary_size(free)} are free{reserve}.",
        advice=FULL_ADVICE,
    )


def open_folder(parent: int | None, name: str | Path, *, create: bool) -> int:
    """Return a file descriptor of a folder below `parent`.

    A symbolic link is refused, except for the root folder.
    """
    flags = (
        os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | (os.O_NOFOLLOW if parent is not None else 0)
    )
    try:
        return os.open(name, flags, dir_fd=parent)
    except FileNotFoundError:
        if not create:
            raise

    # The root may be a symbolic link or a mount that the operator chose; below it, none is
    # followed.
    if parent is None:
        Path(name).mkdir(mode=0o700, parents=True, exist_ok=True)
    else:
        try:
            # fsync of the parent: without it, the new folder could be lost with a power failure.
            os.mkdir(name, 0o700, dir_fd=parent)
            os.fsync(parent)
        except FileExistsError:
            pass  # Another worker created it first.

    return os.open(name, flags, dir_fd=parent)


def lock(descriptor: int, cancellation: Cancellation | None = None) -> None:
    """Wait for the exclusive lock of an open file.

    Raises:
        Cancelled: the transfer was cancelled meanwhile.
    """
    while not try_lock(descriptor):
        if cancellation is None:
            time.sleep(_LOCK_POLL_SECONDS)
        else:
            cancellation.wait(_LOCK_POLL_SECONDS)


def try_lock(descriptor: int) -> bool:
    try:
        # flock(2) belongs to the open file, so it also excludes other threads of this process.
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_same_file(descriptor: int, name: str, folder: int) -> bool:
    """Return whether the open file still has this name.

    Its former owner may have moved or removed it while this process waited for the lock.
    """
    # The inode is compared, because another process can replace the name at any time.
    opened = os.fstat(descriptor)
    try:
        named = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return (opened.st_dev, opened.st_ino) == (named.st_dev, named.st_ino)
