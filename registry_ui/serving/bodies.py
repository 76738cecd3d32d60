"""The body of a request as a stream. Django takes a chunked body for an empty one, so it is read where gunicorn has it."""

from typing import Any

from django.http import HttpRequest

from .errors import Refusal

# For so long a peer may send nothing, or take nothing.
PATIENCE_SECONDS = 60.0


class BodyCut(Exception):
    """The client went away, or sent nothing for too long. What it sent before that counts."""


class RequestBody:
    """
    Attributes:
        length: bytes that were announced; None for a chunked body.
    """

    def __init__(self, request: HttpRequest) -> None:
        self._stream: Any = request.META["wsgi.input"]
        is_chunked = "chunked" in request.headers.get("Transfer-Encoding", "").lower()
        self.length = None if is_chunked else _content_length(request)
        self._left = self.length

    def read(self, size: int) -> bytes:
        """At most so many bytes; none at the end.

        Raises:
            BodyCut
        """
        wanted = size if self._left is None else min(size, self._left)
        if not wanted:
            return b""
        try:
            chunk: bytes = self._stream.read(wanted)
        except (OSError, ValueError) as exc:
            raise BodyCut from exc
        if self._left is not None:
            if not chunk:
                raise BodyCut
            self._left -= len(chunk)
        return chunk

    def read_whole(self, limit: int, refusal: Refusal) -> bytes:
        """
        Raises:
            Refusal: it has more bytes than the limit.
        """
        if self.length is not None and self.length > limit:
            raise refusal
        content = bytearray()
        while chunk := self.read(min(1 << 20, limit + 1 - len(content))):
            content += chunk
            if len(content) > limit:
                raise refusal
        return bytes(content)


def be_impatient(request: HttpRequest) -> None:
    """A peer that stops for too long gives its thread back."""
    sock = request.META.get("gunicorn.socket")
    if sock is not None:
        sock.settimeout(PATIENCE_SECONDS)


def _content_length(request: HttpRequest) -> int:
    text = str(request.META.get("CONTENT_LENGTH") or "0")
    if not text.isascii() or not text.isdigit():
        raise Refusal(400, "SIZE_INVALID", "The Content-Length is not a number.")
    return int(text)
