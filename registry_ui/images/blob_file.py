"""An open blob of the local store."""

import os
from pathlib import Path
from types import TracebackType
from typing import Self

from .disk import storage_errors


class BlobFile:
    """An open blob, read once from an offset on.

    It stays readable if the blob is removed or replaced meanwhile.
    """

    def __init__(self, descriptor: int, path: Path) -> None:
        self._descriptor = descriptor
        self._root = path

    @property
    def size(self) -> int:
        with storage_errors(self._root):
            return os.fstat(self._descriptor).st_size

    def readinto(self, buffer: memoryview, /) -> int:
        """Fill the buffer's start and return the number of bytes; 0 is the end.

        Raises:
            StorageError: the disk failed.
        """
        with storage_errors(self._root):
            return os.readv(self._descriptor, [buffer])

    def detach(self) -> int:
        """Return the file descriptor, which the caller has to close."""
        # -1 marks the file as closed, so that it is never closed twice.
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
