"""The download of a blob, resumed where the connection breaks.

See the distribution spec, "Pulling blobs", and RFC 9110, "Range Requests".
"""

import re
import time
from types import TracebackType
from typing import Self

from .errors import ConnectionFailed, ConnectionTimeout, ContentMismatch, RangeRefused
from .http_messages import Response
from .manifest import Descriptor
from .registry_session import RegistrySession
from .request_context import RequestContext
from .retries import Attempts
from .store import BUFFER_SIZE
from .token_scopes import Scope

_CONTENT_RANGE = re.compile(r"bytes (\d{1,19})-\d{1,19}/(\d{1,19}|\*)")
_FILL_SECONDS = 0.25

# A transfer of this many bytes shows that the retries help, so they are counted anew.
_PROGRESS = 1024 * 1024


class BlobDownload:
    """A `BlobReader` over HTTP.

    After a cut, a stall or a crawl it asks the registry's URL again from its position, because the
    URL that the registry redirected to may have expired. The retries are bounded, and counted anew
    after each MiB that arrived.

    Args:
        path: the blob's, under /v2/.
        offset: bytes to skip at the start.
    """

    def __init__(
        self,
        client: RegistrySession,
        path: str,
        scope: Scope,
        context: RequestContext,
        descriptor: Descriptor,
        offset: int,
    ) -> None:
        self._client = client
        self._path = path
        self._scope = scope
        self._context = context
        self._descriptor = descriptor
        self._position = offset

        self._attempts = Attempts(client.pacer)
        self._rate = _Rate(client.limits.minimum_rate, client.limits.rate_window)
        self._since_failure = 0
        self._skip = 0
        self._failure: ConnectionFailed | None = None
        self._response: Response | None = None
        self._send_request(may_range=True)

    def readinto(self, buffer: memoryview, /) -> int:
        """Fill the buffer as far as a quarter of a second allows, with at least one byte.

        Returns:
            The bytes written; 0 at the blob's end.

        Raises:
            ConnectionFailed: cut off too often.
            ContentMismatch: more bytes than the descriptor promises.
        """
        wanted = buffer[: min(len(buffer), self._descriptor.size - self._position)]
        if not wanted:
            self._finish()
            return 0

        while True:
            try:
                # A failure that `_fill` kept, because some bytes had arrived before it.
                if self._failure is not None:
                    raise self._failure
                self._skip_known()
                count = self._fill(wanted)
            except ConnectionFailed as exc:
                self._resume(exc)
                continue
            self._position += count
            self._since_failure += count
            if self._since_failure >= _PROGRESS:
                self._attempts.progressed()
            return count

    def close(self) -> None:
        """Close the connection, or return it to the pool where the body was read to its end."""
        if self._response is not None:
            self._response.close()
            self._response = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _fill(self, buffer: memoryview) -> int:
        filled = 0
        # Small pieces would cost a progress update each, long waits would delay a cancellation.
        fill_deadline = time.monotonic() + _FILL_SECONDS
        try:
            while filled < len(buffer):
                filled += self._read_some(buffer[filled:])
                if time.monotonic() > fill_deadline:
                    break
        except ConnectionFailed as exc:
            if not filled:
                raise
            self._failure = exc  # what came before the cut is good; the next call resumes
        return filled

    def _read_some(self, buffer: memoryview) -> int:
        if self._response is None:
            raise ConnectionFailed("blob_closed", temporary=False)

        started = time.monotonic()
        count = self._response.readinto(buffer)
        if count == 0:
            raise ConnectionFailed(
                "blob_cut_short", host=self._response.host, digest=self._descriptor.digest
            )

        # A peer that drips bytes never runs into the socket's timeout.
        if self._rate.is_too_slow(count, time.monotonic() - started):
            raise ConnectionTimeout("blob_too_slow", host=self._response.host)
        return count

    def _skip_known(self) -> None:
        """Discard the bytes that a registry without range support sends again."""
        scratch = memoryview(bytearray(min(self._skip, BUFFER_SIZE)))
        while self._skip:
            self._skip -= self._read_some(scratch[: min(self._skip, len(scratch))])

    def _resume(self, failure: ConnectionFailed) -> None:
        self.close()
        self._failure = None
        self._since_failure = 0
        self._attempts.fail(failure)
        self._send_request(may_range=True)

    def _send_request(self, *, may_range: bool) -> None:
        self._rate.restart()
        self._skip = 0

        # At the end a range would be empty, which is 416 (RFC 9110, "Range").
        if self._position and self._position >= self._descriptor.size:
            return

        headers = {"Range": f"bytes={self._position}-"} if self._position and may_range else {}
        try:
            response = self._client.request(
                "GET",
                self._path,
                scope=self._scope,
                context=self._context,
                expect=(200, 206),
                headers=headers,
            )
        except RangeRefused:
            if not headers:
                raise
            self._send_request(may_range=False)
            return

        # Only the exact range may be appended; a wrong one is asked for whole again.
        if response.status == 206 and not self._continues(response):
            response.close()
            if not headers:
                raise ContentMismatch("blob_range_unasked", host=response.host)
            self._send_request(may_range=False)
            return

        # 200 in place of 206: the registry knows no ranges and sends everything (RFC 9110).
        self._skip = self._position if response.status == 200 else 0
        self._check(response)
        self._response = response

    def _continues(self, response: Response) -> bool:
        match = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", "").strip())
        # RFC 9110, "Content-Range": the total may be unknown (*).
        return (
            match is not None
            and int(match[1]) == self._position
            and match[2] in ("*", str(self._descriptor.size))
        )

    def _check(self, response: Response) -> None:
        digest = self._descriptor.digest
        expected = self._descriptor.size - (self._position if response.status == 206 else 0)

        if response.is_encoded:
            response.close()
            raise ContentMismatch("blob_compressed", host=response.host, digest=digest)

        # The manifest's size is what the digest was computed over; another length cannot match.
        if response.length is not None and response.length != expected:
            response.close()
            raise ContentMismatch(
                "blob_length_differs",
                host=response.host,
                length=response.length,
                digest=digest,
                expected=expected,
            )

    def _finish(self) -> None:
        """Check that no more bytes come, and return the connection to the pool."""
        # With a Content-Length the end was checked before the first byte.
        if self._response is not None and self._response.length is None:
            with memoryview(bytearray(1)) as probe:
                if self._response.readinto(probe):
                    self.close()
                    raise ContentMismatch("blob_too_long", digest=self._descriptor.digest)
        self.close()


class _Rate:
    """A download's rate, to detect a peer that sends too slowly.

    It counts only the time spent waiting for the peer.
    """

    def __init__(self, minimum: int, window: float) -> None:
        self._minimum = minimum
        self._window = window
        self.restart()

    def restart(self) -> None:
        """Begin a new window."""
        self._bytes = 0
        self._seconds = 0.0

    def is_too_slow(self, count: int, seconds: float) -> bool:
        """Add bytes and the time waited for them; return whether a full window was too slow."""
        self._bytes += count
        self._seconds += seconds
        if self._seconds < self._window:
            return False
        is_slow = self._bytes < self._minimum * self._seconds
        self.restart()
        return is_slow
