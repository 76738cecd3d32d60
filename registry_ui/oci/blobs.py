"""Blobs on their way down: resumed where the connection breaks (distribution spec, "Pulling blobs")."""

import re
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from .auth import Scope
from .errors import ConnectionFailed, ConnectionTimeout, ContentMismatch, RangeRefused
from .manifest import Descriptor
from .pacing import Attempts
from .responses import Asked
from .store import BUFFER_SIZE
from .transport import Answer

if TYPE_CHECKING:
    from .client import RegistryClient

_CONTENT_RANGE = re.compile(r"bytes (\d{1,19})-\d{1,19}/(\d{1,19}|\*)")
_FILL_SECONDS = 0.25
_PROGRESS = 1024 * 1024


class BlobDownload:
    """A `BlobReader` over HTTP.

    It answers cuts, stalls and crawling by asking the registry's URL again from where it stands: a URL that the
    registry redirected to before may have expired. How often is bounded, and counted anew after each MiB that came.
    """

    def __init__(
        self,
        client: "RegistryClient",
        path: str,
        scope: Scope,
        asked: Asked,
        descriptor: Descriptor,
        offset: int,
    ) -> None:
        self._client = client
        self._path = path
        self._scope = scope
        self._asked = asked
        self._descriptor = descriptor
        self._position = offset
        self._attempts = Attempts(client.pacer)
        self._rate = _Rate(client.limits.minimum_rate, client.limits.rate_window)
        self._since_failure = 0
        self._skip = 0
        self._failure: ConnectionFailed | None = None
        self._answer: Answer | None = None
        self._ask(may_range=True)

    def readinto(self, buffer: memoryview, /) -> int:
        """Fill `buffer` as far as a quarter of a second allows, with at least one byte; 0 at the blob's end.

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
        if self._answer is not None:
            self._answer.close()
            self._answer = None

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
        until = time.monotonic() + _FILL_SECONDS
        try:
            while filled < len(buffer):
                filled += self._read_some(buffer[filled:])
                if time.monotonic() > until:
                    break
        except ConnectionFailed as exc:
            if not filled:
                raise
            self._failure = exc  # what came before the cut is good; the next call resumes
        return filled

    def _read_some(self, buffer: memoryview) -> int:
        if self._answer is None:
            raise ConnectionFailed("The blob was closed while it was read.", temporary=False)
        started = time.monotonic()
        count = self._answer.readinto(buffer)
        if count == 0:
            raise ConnectionFailed(
                f"{self._answer.place} cut the blob {self._descriptor.digest.short} short.",
                advice="Try again; if it persists, check the registry.",
            )
        if self._rate.is_too_slow(count, time.monotonic() - started):
            raise ConnectionTimeout(
                f"{self._answer.place} sends too slowly.",
                advice="Check the registry and the network.",
            )
        return count

    def _skip_known(self) -> None:
        """Read away what a registry that knows no ranges sends again."""
        scratch = memoryview(bytearray(min(self._skip, BUFFER_SIZE)))
        while self._skip:
            self._skip -= self._read_some(scratch[: min(self._skip, len(scratch))])

    def _resume(self, failure: ConnectionFailed) -> None:
        self.close()
        self._failure = None
        self._since_failure = 0
        self._attempts.fail(failure)
        self._ask(may_range=True)

    def _ask(self, *, may_range: bool) -> None:
        self._rate.restart()
        self._skip = 0
        headers = {"Range": f"bytes={self._position}-"} if self._position and may_range else {}
        if self._position >= self._descriptor.size > 0 or (
            self._position and not self._descriptor.size
        ):
            return
        try:
            answer = self._client.request(
                "GET",
                self._path,
                scope=self._scope,
                asked=self._asked,
                expect=(200, 206),
                headers=headers,
            )
        except RangeRefused:
            if not headers:
                raise
            self._ask(may_range=False)
            return
        if answer.status == 206 and not self._continues(answer):
            answer.close()
            if not headers:
                raise ContentMismatch(
                    f"{answer.place} answers with a part of the blob where the whole was asked for."
                )
            self._ask(may_range=False)
            return
        self._skip = self._position if answer.status == 200 else 0
        self._check(answer)
        self._answer = answer

    def _continues(self, answer: Answer) -> bool:
        match = _CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", "").strip())
        return (
            match is not None
            and int(match[1]) == self._position
            and match[2] in ("*", str(self._descriptor.size))
        )

    def _check(self, answer: Answer) -> None:
        digest = self._descriptor.digest
        expected = self._descriptor.size - (self._position if answer.status == 206 else 0)
        if answer.is_encoded:
            answer.close()
            raise ContentMismatch(
                f"{answer.place} compresses the blob {digest.short} although it was asked not to.",
                advice="A proxy between here and the registry probably does it; switch that off.",
            )
        if answer.length is not None and answer.length != expected:
            answer.close()
            raise ContentMismatch(
                f"{answer.place} announces {answer.length} bytes for the blob {digest.short}; its manifest promises {expected}.",
                advice="The image is damaged at its source: push it there again, then try again.",
            )

    def _finish(self) -> None:
        """At the end: nothing more may come, and the connection goes back."""
        if self._answer is not None and self._answer.length is None:
            with memoryview(bytearray(1)) as probe:
                if self._answer.readinto(probe):
                    self.close()
                    raise ContentMismatch(
                        f"The blob {self._descriptor.digest.short} has more bytes than its manifest promises.",
                        advice="Do not trust this image.",
                    )
        self.close()


class _Rate:
    """Notices a peer that drips. Counts only the time spent waiting for it."""

    def __init__(self, minimum: int, window: float) -> None:
        self._minimum = minimum
        self._window = window
        self.restart()

    def restart(self) -> None:
        self._bytes = 0
        self._seconds = 0.0

    def is_too_slow(self, count: int, seconds: float) -> bool:
        self._bytes += count
        self._seconds += seconds
        if self._seconds < self._window:
            return False
        is_slow = self._bytes < self._minimum * self._seconds
        self.restart()
        return is_slow
