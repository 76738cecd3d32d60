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

# flock(2) has no timeout, so a lock is polled to notice a cancellation.
_LOCK_POLL_SECONDS = 0.05
_CODES = {
    errno.EROFS: "disk_read_only",
    errno.EIO: "disk_faulty",
    errno.EACCES: "disk_not_permitted",
    errno.EPERM: "disk_not_permitted",
    errno.ELOOP: "disk_symbolic_link",
    errno.ENOTDIR: "disk_not_a_folder",
    errno.EFBIG: "disk_file_limit",
    errno.EMFILE: "disk_open_files",
}


def storage_error(exc: OSError, path: Path) -> StorageError:
    """Return the error for a system call that failed below `path`."""
    # A full disk has an error of its own: a retry helps once there is space.
    if exc.errno in (errno.ENOSPC, errno.EDQUOT):
        code = "disk_full" if exc.errno == errno.ENOSPC else "disk_quota_used_up"
        return StorageFull(code, path=path)
    reason = os.strerror(exc.errno) if exc.errno else type(exc).__name__
    return StorageError(_CODES.get(exc.errno or 0, "disk_refused"), path=path, reason=reason)


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
    raise StorageFull(
        "disk_reserve_needed" if min_free_bytes else "disk_room_needed",
        path=path,
        needed_bytes=needed,
        free_bytes=free,
        reserve_bytes=min_free_bytes or None,
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
