"""A blob's bytes while they arrive, read from its partial file.

The writer may be another thread or process.
"""

import os
import time
from collections.abc import Callable, Iterator

from registry_ui.oci.digest import Digest
from registry_ui.oci.store import BUFFER_SIZE

from .blobs import BlobDirectory

_POLL_SECONDS = 0.03


def received_bytes(blobs: BlobDirectory, digest: Digest, *, owner: str) -> int:
    """Return how many bytes of the blob are in its partial file."""
    try:
        with blobs.folder("partial", owner) as folder:
            return os.stat(_name(digest), dir_fd=folder, follow_symlinks=False).st_size
    except FileNotFoundError:
        # Not begun, or moved to its final name already.
        return 0


def follow(
    blobs: BlobDirectory, digest: Digest, size: int, *, owner: str, is_finished: Callable[[], bool]
) -> Iterator[bytes]:
    """Yield the blob's bytes in order, as they arrive.

    The last byte is held back until the blob is complete and verified, so that no client accepts
    a wrong blob as complete.

    Args:
        is_finished: returns whether the blob is complete; raises the error of its writer.
    """
    offset = 0
    while not is_finished():
        # `size - 1` holds back the last byte: a client that reads Content-Length bytes takes them
        # for complete.
        chunk = _read_partial(blobs, digest, owner, offset, min(BUFFER_SIZE, size - 1 - offset))
        offset += len(chunk)
        if chunk:
            yield chunk
        else:
            time.sleep(_POLL_SECONDS)

    # The writer has verified the blob and moved it to its final name.
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
            # The file is opened anew each time: the writer may have restarted or replaced it.
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
