"""HTTP requests and responses (RFC 9110)."""

import http.client
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, Self
from urllib.parse import urlsplit

from .errors import ConnectionFailed, ConnectionTimeout, InvalidManifest, ResponseError
from .http_failures import READ_FAILURES, Translation


class Body(Protocol):
    """A request's body that is read once, in pieces.

    `__len__` is its Content-Length; without one it would be sent chunked.
    """

    def __len__(self) -> int: ...

    def read(self, size: int = -1, /) -> bytes | memoryview:
        """Return the next piece of at most `size` bytes; empty at the end."""


@dataclass(frozen=True, slots=True)
class Authorization:
    """The value of one Authorization header; its repr hides it."""

    header: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Request:
    """One request.

    Args:
        body: bytes, or a function that returns a fresh `Body` each time it is sent.
        read_seconds: the time for the response; None for the usual limit.
        follow: whether redirects are followed.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | Callable[[], Body] | None = None
    authorization: Authorization | None = None
    read_seconds: float | None = None
    follow: bool = True


class Response:
    """A response whose body has not been read.

    Closing it returns the connection to the pool where the body is used up.

    Args:
        raw: urllib3's response.
        message: http.client's response beneath it.
        translated: returns a block that turns the libraries' exceptions into typed ones.
        read_seconds: half of the time for a body that is read whole.
        is_foreign: a redirect led to another scheme, host or port than that of the request.
    """

    def __init__(
        self,
        raw: Any,
        message: http.client.HTTPResponse,
        url: str,
        translated: Callable[[str], Translation],
        read_seconds: float,
        *,
        is_foreign: bool,
    ) -> None:
        self.status: int = raw.status
        self.headers: Mapping[str, str] = raw.headers
        self.url = url
        self.is_foreign = is_foreign

        self._raw = raw
        self._message = message
        self._translated = translated
        # A peer that drips bytes keeps within the time for each of them.
        self._deadline = time.monotonic() + 2 * read_seconds

    @property
    def media_type(self) -> str:
        """The Content-Type without parameters, in lower case."""
        # Parameters such as a charset are allowed, and of no use here.
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()

    @property
    def length(self) -> int | None:
        """The Content-Length; None where it is missing or no valid number."""
        # A number of 20 digits may exceed 64 bits.
        text = self.headers.get("Content-Length", "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None

    @property
    def is_encoded(self) -> bool:
        """Return whether the body is compressed, although `identity` was requested."""
        return self.headers.get("Content-Encoding", "").strip().lower() not in ("", "identity")

    def read(self, limit: int) -> bytes:
        """Return the whole body.

        Raises:
            InvalidManifest: more than `limit` bytes.
            ResponseError: compressed, although `identity` was requested.
            ConnectionFailed: cut off or too slow.
        """
        # The digest covers the bytes as stored, so a body that a proxy has compressed is useless.
        if self.is_encoded:
            self.close()
            raise ResponseError("answer_compressed", status=self.status, host=self.host)

        content = self._read_up_to(limit + 1)
        if len(content) > limit:
            self.close()
            raise InvalidManifest("answer_too_large", host=self.host, limit_bytes=limit)
        self.close()
        return content

    def read_start(self, limit: int) -> bytes:
        """Return at most `limit` bytes of an error's body and close; empty where reading fails."""
        # An error's body only adds to the message, so its own failures do not count.
        try:
            return b"" if self.is_encoded else self._read_up_to(limit)
        except (ConnectionFailed, InvalidManifest):
            return b""
        finally:
            self.close()

    def _read_up_to(self, limit: int) -> bytes:
        content = bytearray()
        while len(content) < limit:
            with self._translated(self.url):
                # read1 returns what has arrived; read would wait for the whole amount.
                piece = self._raw.read1(min(limit - len(content), 65536), decode_content=False)
            if not piece:
                break
            content += piece
            if time.monotonic() > self._deadline:
                self.close()
                raise ConnectionTimeout("answer_too_slow", host=self.host)
        return bytes(content)

    def readinto(self, buffer: memoryview) -> int:
        """Read some bytes of the body into `buffer`; return the count, 0 at the end.

        Raises:
            ConnectionFailed: cut off.
        """
        with self._translated(self.url):
            # Past urllib3's buffer, which would copy each block once more; http.client's own
            # `readinto` waits until the whole of `buffer` is filled.
            message = self._message
            if message.chunked or message.length is None or message.fp is None:
                piece = self._raw.read1(len(buffer), decode_content=False)
                buffer[: len(piece)] = piece
                return len(piece)
            count = message.fp.readinto1(buffer[: min(len(buffer), message.length)])
            message.length -= count
            return count

    def close(self) -> None:
        """Return the connection to the pool where nothing is left to read; else close it."""
        message = self._message
        try:
            if message.length == 0 and not message.chunked:
                message.read(1)  # lets http.client see that the body is used up
            if message.isclosed():
                self._raw.release_conn()
        except READ_FAILURES:
            pass
        self._raw.close()

    def discard(self) -> None:
        """Read a short rest, so that the connection can be used again; close it otherwise."""
        # Reading up to 64 KiB is cheaper than a new TLS connection.
        if (self.length or 0) <= 65536 and not self.is_encoded:
            self.read_start(65536 + 1)
        self.close()

    @property
    def host(self) -> str:
        """The host that answered, with its port, for messages."""
        return urlsplit(self.url).netloc

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
