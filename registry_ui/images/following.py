"""A blob's bytes while they arrive: read from the partial file behind whoever writes it, in this process or in another."""

import os
import time
from collections.abc import Callable, Iterator

from registry_ui.oci.digest import Digest
from registry_ui.oci.store import BUFFER_SIZE

from .blobs import BlobDirectory

_POLL_SECONDS = 0.03


def arrived(blobs: BlobDirectory, digest: Digest, *, owner: str) -> int:
    """How many bytes of it are in the partial file."""
    try:
        with blobs.folder("partial", owner) as folder:
            return os.stat(_name(digest), dir_fd=folder, follow_symlinks=False).st_size
    except FileNotFoundError:
        return 0


def follow(
    blobs: BlobDirectory, digest: Digest, size: int, *, owner: str, is_over: Callable[[], bool]
) -> Iterator[bytes]:
    """The bytes in order. The last one comes only when the blob is whole and verified: nobody takes a wrong one for good.

    Args:
        is_over: whether the blob is there, in its place; raises what went wrong.
    """
    offset = 0
    while not is_over():
        chunk = _read_partial(blobs, digest, owner, offset, min(BUFFER_SIZE, size - 1 - offset))
        offset += len(chunk)
        if chunk:
            yield chunk
        else:
            time.sleep(_POLL_SECONDS)
    buffer = memoryview(bytearray(BUFFER_SIZE))
    with blobs.open(digest, offset) as file:
        while count := file.readinto(buffer):
            yield bytes(buffer[:count])


def _read_partial(
    blobs: BlobDirectory, digest: Digest, owner: str, offset: int, count: int
) -> bytes:
    if count <= 0:
        return b""
    try:
        with blobs.folder("partial", owner) as folder:
            descriptor = os.open(
                _name(digest), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder
            )
    except FileNotFoundError:
        return b""
    try:
        return os.pread(descriptor, count, offset)
    finally:
        os.close(descriptor)


def _name(digest: Digest) -> str:
    return f"{digest.algorithm}-{digest.hex}"
