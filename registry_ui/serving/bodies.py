"""Request bodies as streams.

Django takes a chunked body for an empty one (its WSGIRequest reads CONTENT_LENGTH bytes), so
the body is read from gunicorn's `wsgi.input`.
"""

from typing import Any

from django.http import HttpRequest

from .errors import ApiError

# Longest pause of a client that sends a body or reads an answer.
SOCKET_TIMEOUT_SECONDS = 60.0


class BodyTruncated(Exception):
    """The error of a client that disconnected, or sent nothing for too long.

    The bytes that were received before it stay valid.
    """


class RequestBody:
    """The body of one request.

    Attributes:
        length: the announced number of bytes; None for a chunked body.
    """

    def __init__(self, request: HttpRequest) -> None:
        self._stream: Any = request.META["wsgi.input"]
        is_chunked = "chunked" in request.headers.get("Transfer-Encoding", "").lower()
        self.length = None if is_chunked else _content_length(request)
        self._remaining = self.length

    def read(self, size: int) -> bytes:
        """Return at most `size` bytes; none at the end.

        Raises:
            BodyTruncated
        """
        wanted = size if self._remaining is None else min(size, self._remaining)
        if not wanted:
            return b""

        try:
            chunk: bytes = self._stream.read(wanted)
        except (OSError, ValueError) as exc:
            raise BodyTruncated from exc

        # An announced length that is not reached means a lost connection. A chunked body that is
        # cut off raises in gunicorn instead.
        if self._remaining is not None:
            if not chunk:
                raise BodyTruncated
            self._remaining -= len(chunk)

        return chunk

    def read_whole(self, limit: int, error: ApiError) -> bytes:
        """Return the whole body.

        Raises:
            ApiError: `error`, where the body has more bytes than the limit.
            BodyTruncated
        """
        # An announced length is refused before the body is read; a chunked body while it is read.
        if self.length is not None and self.length > limit:
            raise error
        content = bytearray()
        while chunk := self.read(min(1 << 20, limit + 1 - len(content))):
            content += chunk
            if len(content) > limit:
                raise error
        return bytes(content)


def set_socket_timeout(request: HttpRequest) -> None:
    """Limit how long a stalled client can occupy its thread."""
    # The test client and other servers have no such socket.
    sock = request.META.get("gunicorn.socket")
    if sock is not None:
        sock.settimeout(SOCKET_TIMEOUT_SECONDS)


def _content_length(request: HttpRequest) -> int:
    text = str(request.META.get("CONTENT_LENGTH") or "0")
    if not text.isascii() or not text.isdigit():
        raise ApiError(400, "SIZE_INVALID", "The Content-Length is not a number.")
    return int(text)
