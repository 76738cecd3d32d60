"""Sources for blob writers: content in memory, with simulated faults."""

import io
from collections.abc import Callable

from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import ConnectionFailed


class Source:
    """A source that opens `content` at an offset, and records the offsets.

    Args:
        chunk: the maximum number of bytes per read.
        fail_after: bytes after which a reader loses its connection.
        on_read: called before each read.
    """

    def __init__(
        self,
        content: bytes,
        *,
        chunk: int = 1 << 20,
        fail_after: int | None = None,
        on_read: Callable[[], None] | None = None,
    ):
        self.content = content
        self.chunk = chunk
        self.fail_after = fail_after
        self.on_read = on_read
        self.offsets: list[int] = []
        self.given = 0

    @property
    def digest(self) -> Digest:
        return Digest.of(self.content)

    def __call__(self, offset: int) -> "_Reader":
        self.offsets.append(offset)
        return _Reader(self, offset)


class _Reader(io.BytesIO):
    def __init__(self, source: Source, offset: int):
        super().__init__(source.content[offset:])
        self.source = source
        self.passed = 0

    def readinto(self, buffer) -> int:
        if self.source.on_read:
            self.source.on_read()

        room = min(len(buffer), self.source.chunk)
        if self.source.fail_after is not None:
            room = min(room, self.source.fail_after - self.passed)
            if room <= 0:
                raise ConnectionFailed("The connection was reset.")

        count = super().readinto(memoryview(buffer)[:room])
        self.passed += count
        self.source.given += count

        return count
