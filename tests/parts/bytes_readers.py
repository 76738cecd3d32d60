"""Blobs in memory, as sources and as results."""

from collections.abc import Callable
from typing import Any

from registry_ui.oci.digest import Digest
from registry_ui.oci.manifest import Descriptor


class BytesReader:
    """A `BlobReader` over bytes in memory."""

    def __init__(self, content: bytes, step: int = 1 << 20) -> None:
        self._rest = memoryview(content)
        self._step = step
        self.is_closed = False

    def readinto(self, buffer: memoryview, /) -> int:
        count = min(len(buffer), len(self._rest), self._step)
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count

    def close(self) -> None:
        self.is_closed = True

    def __enter__(self) -> "BytesReader":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def descriptor_of(content: bytes, media_type: str = "application/octet-stream") -> Descriptor:
    return Descriptor(media_type, Digest.of(content), len(content))


def source_of(content: bytes) -> Callable[[int], BytesReader]:
    return lambda offset: BytesReader(content[offset:])


def read_all(reader: Any, size: int = 1 << 16) -> bytes:
    content = bytearray()
    buffer = memoryview(bytearray(size))
    with reader:
        while count := reader.readinto(buffer):
            content += buffer[:count]
    return bytes(content)
