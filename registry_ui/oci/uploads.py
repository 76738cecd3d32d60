"""Blobs on their way up (distribution spec, "Pushing blobs")."""

import re
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .auth import Scope
from .digest import Digest
from .errors import ContentMismatch, OciError, RangeRefused, ResponseError, StorageError
from .manifest import Descriptor
from .pacing import Attempts
from .responses import Asked
from .store import BlobReader, OpenSource
from .transport import Answer

if TYPE_CHECKING:
    from .registry_store import RegistryStore

_PIECE = 256 * 1024
_CHUNK = 4 * 1024 * 1024  # GHCR takes no larger one
_LARGEST_CHUNK = 64 * 1024 * 1024
_ACCEPTED = (200, 201, 202, 204)
_TOO_LARGE_AT_ONCE = frozenset({405, 411, 413})
_LOST_SESSION = frozenset(
    {"BLOB_UPLOAD_UNKNOWN", "BLOB_UPLOAD_INVALID", "DIGEST_INVALID", "SIZE_INVALID"}
)
_RANGE = re.compile(r"(?:bytes=)?0-(\d{1,19})")
_BYTES = {"Content-Type": "application/octet-stream"}


@dataclass(frozen=True, slots=True)
class UploadSession:
    """An upload that the registry has begun: where to send, and the least size of a chunk where it names one."""

    location: str = field(repr=False)
    chunk_minimum: int = 0

    def closing_url(self, digest: Digest) -> str:
        """The URL that commits the upload. The location's own query is left as it is: it may be signed."""
        separator = "&" if "?" in self.location else "?"
        return f"{self.location}{separator}digest={str(digest).replace(':', '%3A')}"


def start_upload(
    store: "RegistryStore", scope: Scope, *, mount: Digest | None = None, tries: int | None = None
) -> UploadSession | None:
    """Begin an upload; with `mount`, try first to take the blob from `scope.mounted_from`.

    Returns:
        The session; None where the mount worked, so that nothing is left to send.
    """
    query = f"?mount={mount}&from={scope.mounted_from}" if mount is not None else ""
    answer = _request(
        store,
        "POST",
        f"{store.repository}/blobs/uploads/{query}",
        scope=scope,
        expect=(201, 202) if mount else (202,),
        tries=tries,
    )
    answer.discard()
    if answer.status == 201:
        return None
    minimum = answer.headers.get("OCI-Chunk-Min-Length", "")
    return UploadSession(
        _location(store, answer, required=True),
        int(minimum) if minimum.isascii() and minimum.isdigit() and len(minimum) < 12 else 0,
    )


def give_up(store: "RegistryStore", session: UploadSession) -> None:
    """Tell the registry to forget an upload; its answer does not matter."""
    try:
        _request(store, "DELETE", session.location, expect=(200, 202, 204, 404), tries=1).discard()
    except OciError:
        return


class BlobUpload:
    """One blob into one repository, tried again from a fresh source where that makes sense.

    `wants_chunks` tells afterwards whether this registry takes blobs in chunks only.
    """

    def __init__(
        self,
        store: "RegistryStore",
        descriptor: Descriptor,
        open_source: OpenSource,
        *,
        wants_chunks: bool,
    ) -> None:
        self.wants_chunks = wants_chunks
        self._store = store
        self._descriptor = descriptor
        self._source = _Source(open_source, descriptor)

    def run(self, session: UploadSession | None) -> None:
        """Send the blob.

        Args:
            session: an upload already begun, by a mount that did not work.
        """
        attempts = Attempts(self._store.client.pacer)
        while True:
            session = session or start_upload(self._store, self._store.writing_scope)
            if session is None:
                return
            try:
                self._send(session)
            except OciError as exc:
                if self._source.is_at_fault or not self._may_recover(exc):
                    give_up(self._store, session)
                    raise
                if self._has_arrived():
                    return
                if not self._switches_to_chunks(exc):
                    attempts.fail(exc)
                session = None
            else:
                return
            finally:
                self._source.close()

    def _send(self, session: UploadSession) -> None:
        if self._descriptor.size > _CHUNK and (self.wants_chunks or session.chunk_minimum):
            self._send_chunks(session)
        else:
            self._send_whole(session)

    def _send_whole(self, session: UploadSession) -> None:
        body = self._source.make if self._descriptor.size else self._source.empty()
        url = session.closing_url(self._descriptor.digest)
        self._finish(
            _request(
                self._store,
                "PUT",
                url,
                headers=_BYTES,
                body=body,
                expect=_ACCEPTED,
                tries=1,
                read_seconds=self._patience,
            )
        )

    def _send_chunks(self, session: UploadSession) -> None:
        size = min(max(session.chunk_minimum, _CHUNK), _LARGEST_CHUNK)
        buffer = bytearray(min(size, self._descriptor.size))
        body = self._source.make()
        offset = 0
        while chunk := body.fill(memoryview(buffer)):
            session = self._send_chunk(session, bytes(chunk), offset)
            offset += len(chunk)
        url = session.closing_url(self._descriptor.digest)
        self._finish(
            _request(
                self._store,
                "PUT",
                url,
                headers=_BYTES,
                body=b"",
                expect=_ACCEPTED,
                tries=1,
                read_seconds=self._patience,
            )
        )

    def _send_chunk(self, session: UploadSession, chunk: bytes, offset: int) -> UploadSession:
        """Send one chunk, whole or the rest that the registry says it lacks."""
        attempts = Attempts(self._store.client.pacer)
        done = offset
        while done < offset + len(chunk):
            rest = chunk[done - offset :]
            headers = {**_BYTES, "Content-Range": f"{done}-{offset + len(chunk) - 1}"}
            try:
                answer = _request(
                    self._store,
                    "PATCH",
                    session.location,
                    headers=headers,
                    body=rest,
                    expect=_ACCEPTED,
                    tries=1,
                    read_seconds=self._patience,
                )
            except OciError as exc:
                exc.temporary = exc.temporary or isinstance(exc, RangeRefused)
                attempts.fail(exc)
                session, done = self._ask_status(session, offset, offset + len(chunk), exc)
            else:
                answer.discard()
                session = UploadSession(
                    _location(self._store, answer) or session.location, session.chunk_minimum
                )
                done = offset + len(chunk)
        return session

    def _ask_status(
        self, session: UploadSession, start: int, end: int, failure: OciError
    ) -> tuple[UploadSession, int]:
        """How far the registry has come, after a chunk whose fate is unknown."""
        answer = _request(self._store, "GET", session.location, expect=(200, 202, 204))
        answer.discard()
        match = _RANGE.fullmatch(answer.headers.get("Range", "").strip())
        done = int(match[1]) + 1 if match and int(match[1]) else 0
        if not start <= done <= end:
            failure.temporary = True  # a fresh upload can still succeed
            raise failure
        return UploadSession(
            _location(self._store, answer) or session.location, session.chunk_minimum
        ), done

    def _finish(self, answer: Answer) -> None:
        answer.discard()
        stored = answer.headers.get("Docker-Content-Digest", "")
        if stored.startswith(f"{self._descriptor.digest.algorithm}:") and stored != str(
            self._descriptor.digest
        ):
            raise ContentMismatch(
                f"{answer.place} stored the blob {self._descriptor.digest.short} under another digest."
            )

    def _may_recover(self, failure: OciError) -> bool:
        if isinstance(failure, ContentMismatch):
            return False
        if isinstance(failure, RangeRefused) or _LOST_SESSION & set(failure.codes):
            failure.temporary = True
        return failure.temporary or self._would_switch(failure)

    def _would_switch(self, failure: OciError) -> bool:
        return (
            not self.wants_chunks
            and failure.status in _TOO_LARGE_AT_ONCE
            and self._descriptor.size > _CHUNK
        )

    def _switches_to_chunks(self, failure: OciError) -> bool:
        if not self._would_switch(failure):
            return False
        self.wants_chunks = True
        return True

    def _has_arrived(self) -> bool:
        """Whether an upload whose answer was lost was stored after all."""
        try:
            return self._store.has_blob(self._descriptor)
        except ResponseError:
            return False

    @property
    def _patience(self) -> float:
        return self._store.client.limits.answer


class _Source:
    """The bytes to send, opened anew for each try."""

    def __init__(self, open_source: OpenSource, descriptor: Descriptor) -> None:
        self._open_source = open_source
        self._descriptor = descriptor
        self._reader: BlobReader | None = None
        self._fault: BaseException | None = None

    def make(self) -> "HashedBody":
        self.close()
        self._fault = None
        try:
            self._reader = self._open_source(0)
        except OciError as exc:
            self._fault = exc
            raise
        return HashedBody(self._reader, self._descriptor, self._blame)

    def empty(self) -> bytes:
        if Digest.of(b"", self._descriptor.digest.algorithm) != self._descriptor.digest:
            raise ContentMismatch(f"The blob {self._descriptor.digest.short} cannot be empty.")
        return b""

    @property
    def is_at_fault(self) -> bool:
        """Whether reading failed, and not sending. Readers have tried again already."""
        return self._fault is not None

    def close(self) -> None:
        if self._reader is not None:
            with closing(self._reader):
                self._reader = None

    def _blame(self, fault: BaseException) -> None:
        self._fault = fault


class HashedBody:
    """A request's body that is verified as it passes; its last piece is given out only when all of it was right."""

    def __init__(
        self, reader: BlobReader, descriptor: Descriptor, on_fault: Callable[[BaseException], None]
    ) -> None:
        self._reader = reader
        self._descriptor = descriptor
        self._on_fault = on_fault
        self._hasher = descriptor.digest.hasher()
        self._left = descriptor.size
        self._buffer = memoryview(bytearray(min(_PIECE, descriptor.size)))

    def __len__(self) -> int:
        return self._descriptor.size

    def read(self, size: int = -1, /) -> memoryview:
        """The next piece, valid until the next call; empty at the end."""
        limit = len(self._buffer) if size < 0 else min(size, len(self._buffer))
        return self.fill(self._buffer[:limit])

    def fill(self, buffer: memoryview) -> memoryview:
        """Fill `buffer` as far as the blob goes."""
        wanted = min(len(buffer), self._left)
        filled = 0
        try:
            while filled < wanted:
                count = self._reader.readinto(buffer[filled:wanted])
                if count == 0:
                    raise self._mismatch("ends too early")
                filled += count
            self._hasher.update(buffer[:filled])
            self._left -= filled
            if filled and not self._left:
                self._verify()
        except OciError as exc:
            self._on_fault(exc)
            raise
        except OSError as exc:
            fault = StorageError(
                f"The blob {self._descriptor.digest.short} cannot be read: {exc.strerror}.",
                advice="Check this machine's disk.",
            )
            self._on_fault(fault)
            raise fault from exc
        return buffer[:filled]

    def _verify(self) -> None:
        if self._reader.readinto(memoryview(bytearray(1))):
            raise self._mismatch("is longer than its manifest promises")
        if not self._descriptor.digest.matches(self._hasher):
            raise self._mismatch("is not what its digest names")

    def _mismatch(self, problem: str) -> ContentMismatch:
        return ContentMismatch(
            f"The blob {self._descriptor.digest.short} {problem}: the source is damaged, and nothing was stored.",
            advice="Pull or push the image anew at its source, then try again.",
        )


def _request(store: "RegistryStore", method: str, path: str, **options: Any) -> Answer:
    asked = Asked(store.client.endpoint.host, "upload", store.repository, is_push=True)
    options.setdefault("scope", store.writing_scope)
    return store.client.request(method, path, asked=asked, **options)


def _location(store: "RegistryStore", answer: Answer, *, required: bool = False) -> str:
    """Where to send next, resolved against the answer's URL; empty where the answer does not say."""
    text = answer.headers.get("Location", "")
    if text:
        return store.client.transport.resolve(answer.url, text)
    if required:
        raise ResponseError(
            f"{answer.place} begins an upload without saying where to send it.",
            status=answer.status,
        )
    return ""
