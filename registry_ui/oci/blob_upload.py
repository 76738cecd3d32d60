"""The uploads of blobs into one repository (distribution spec, "Pushing blobs")."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from .digest import Digest
from .errors import ContentMismatch, OciError, RangeRefused, ResponseError
from .http_messages import Body, Response
from .manifest import Descriptor
from .registry_session import RegistrySession
from .request_context import RequestContext
from .retries import Attempts
from .store import OpenSource
from .token_scopes import Scope
from .upload_body import UploadSource

_CHUNK = 4 * 1024 * 1024  # GHCR refuses larger chunks with 416 (PROTOCOL.md, "Uploads")

# A registry may ask for any size, and a chunk is kept in memory for its retry.
_LARGEST_CHUNK = 64 * 1024 * 1024
_ACCEPTED = (200, 201, 202, 204)

# Statuses with which registries and proxies refuse a blob in one request.
_TOO_LARGE_AT_ONCE = frozenset({405, 411, 413})

# Codes after which the upload has to begin anew (distribution spec, "Error Codes").
_LOST_SESSION = frozenset(
    {"BLOB_UPLOAD_UNKNOWN", "BLOB_UPLOAD_INVALID", "DIGEST_INVALID", "SIZE_INVALID"}
)
_RANGE = re.compile(r"(?:bytes=)?0-(\d{1,19})")
_BYTES = {"Content-Type": "application/octet-stream"}


@dataclass(frozen=True, slots=True)
class UploadSession:
    """An upload that the registry has begun.

    Args:
        location: the URL to send to; it may be signed, so it is a secret.
        chunk_minimum: the least bytes of a chunk, from OCI-Chunk-Min-Length; 0 where not stated.
    """

    location: str = field(repr=False)
    chunk_minimum: int = 0

    def closing_url(self, digest: Digest) -> str:
        """Return the URL that commits the upload. The query of the location is left as it is."""
        # A signed query must not be parsed and encoded again.
        separator = "&" if "?" in self.location else "?"
        return f"{self.location}{separator}digest={str(digest).replace(':', '%3A')}"


class UploadApi:
    """The upload requests of one repository.

    Args:
        scope: the push rights on the repository.
    """

    def __init__(self, session: RegistrySession, scope: Scope) -> None:
        self.session = session
        self._scope = scope
        self._context = RequestContext(
            session.endpoint.host, "upload", scope.repository, is_push=True
        )

    def start(self) -> UploadSession:
        """Begin an upload.

        Raises:
            Unauthorized, Denied: no right to push.
            RepositoryUnknown: the repository, project or namespace must be created first.
            OciError: as `RegistrySession.request`.
        """
        # No `?digest=`: distribution ignores it and answers 202 (PROTOCOL.md, "Uploads").
        path = f"{self._scope.repository}/blobs/uploads/"
        response = self.request("POST", path, expect=(202,))
        response.discard()
        return self._session_from(response)

    def mount(self, digest: Digest, repository: str) -> UploadSession | None:
        """Try to mount a blob from another repository (distribution spec, "Mounting a blob").

        Returns:
            None where the mount worked; else the upload that the registry began in its place.

        Raises:
            OciError: as `RegistrySession.request`. Tries once.
        """
        # The token needs pull on the source beside push on the target.
        scope = Scope(self._scope.repository, "pull,push", mounted_from=repository)
        path = f"{scope.repository}/blobs/uploads/?mount={digest}&from={repository}"
        response = self.request("POST", path, scope=scope, expect=(201, 202), tries=1)
        response.discard()
        return None if response.status == 201 else self._session_from(response)

    def cancel(self, upload: UploadSession) -> None:
        """Tell the registry to drop an upload; a failure does not matter."""
        # The spec lets a client abandon an upload; registries without DELETE drop it later.
        try:
            self.request("DELETE", upload.location, expect=(200, 202, 204, 404), tries=1).discard()
        except OciError:
            return

    def request(
        self,
        method: str,
        path: str,
        *,
        expect: Sequence[int] = _ACCEPTED,
        scope: Scope | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | Callable[[], Body] | None = None,
        tries: int | None = None,
        read_seconds: float | None = None,
    ) -> Response:
        """Send one request of an upload. The arguments are those of `RegistrySession.request`."""
        return self.session.request(
            method,
            path,
            scope=scope or self._scope,
            context=self._context,
            expect=expect,
            headers=headers,
            body=body,
            tries=tries,
            read_seconds=read_seconds,
        )

    def location(self, response: Response) -> str:
        """Return the URL to send to next, resolved against the response's; empty if not stated."""
        # Relative and absolute locations are both in use (PROTOCOL.md, "Uploads").
        text = response.headers.get("Location", "")
        return self.session.transport.resolve(response.url, text) if text else ""

    def _session_from(self, response: Response) -> UploadSession:
        location = self.location(response)
        if not location:
            raise ResponseError(
                "upload_without_location", status=response.status, host=response.host
            )
        text = response.headers.get("OCI-Chunk-Min-Length", "")
        is_number = text.isascii() and text.isdigit() and len(text) < 12
        return UploadSession(location, int(text) if is_number else 0)


class BlobUpload:
    """One blob's upload, retried from a fresh source where that can help.

    Args:
        has_blob: looks the blob up at the target, after an upload whose answer was lost.
        wants_chunks: whether this registry takes blobs in chunks only; true afterwards where that
            turned out.
    """

    def __init__(
        self,
        api: UploadApi,
        descriptor: Descriptor,
        open_source: OpenSource,
        *,
        has_blob: Callable[[Descriptor], bool],
        wants_chunks: bool,
    ) -> None:
        self.wants_chunks = wants_chunks
        self._api = api
        self._descriptor = descriptor
        self._has_blob = has_blob
        self._source = UploadSource(open_source, descriptor)

    def run(self, upload: UploadSession | None) -> None:
        """Send the blob.

        Args:
            upload: one that the registry has begun already, for a mount that did not work.

        Raises:
            ContentMismatch: the source's bytes are wrong; nothing was stored.
            StorageError, OciError: as the source and the registry raise.
        """
        attempts = Attempts(self._api.session.pacer)
        while True:
            upload = upload or self._api.start()
            try:
                self._send(upload)
            except OciError as exc:
                if self._source.has_failed or not self._may_recover(exc):
                    self._api.cancel(upload)
                    raise
                # A PUT can be committed although its answer was lost: then nothing is sent again.
                if self._is_stored():
                    return
                if not self._switch_to_chunks(exc):
                    attempts.fail(exc)
                upload = None
            else:
                return
            finally:
                self._source.close()

    def _send(self, upload: UploadSession) -> None:
        """Send the blob in one PUT where possible.

        ECR answers chunks with a range that never grows, so chunks are used only where a registry
        asks for them (PROTOCOL.md, "Uploads").
        """
        if self._descriptor.size > _CHUNK and (self.wants_chunks or upload.chunk_minimum):
            upload = self._send_chunks(upload)
            self._commit(upload, b"")
        else:
            # A body of no bytes must be b"": requests would send any other one chunked.
            is_empty = self._descriptor.size == 0
            self._commit(upload, self._source.empty_body() if is_empty else self._source.open)

    def _commit(self, upload: UploadSession, body: bytes | Callable[[], Body]) -> None:
        """Close the upload and check the digest that the registry states."""
        response = self._api.request(
            "PUT",
            upload.closing_url(self._descriptor.digest),
            headers=_BYTES,
            body=body,
            tries=1,
            read_seconds=self._api.session.limits.answer,
        )
        response.discard()

        # Registries that rewrite content would give the blob another digest.
        stored = response.headers.get("Docker-Content-Digest", "")
        digest = self._descriptor.digest
        if stored.startswith(f"{digest.algorithm}:") and stored != str(digest):
            raise ContentMismatch(
                "blob_stored_under_another_digest", host=response.host, digest=digest
            )

    def _send_chunks(self, upload: UploadSession) -> UploadSession:
        # The registry's minimum counts (distribution spec, OCI-Chunk-Min-Length), within memory's
        # limits.
        size = min(max(upload.chunk_minimum, _CHUNK), _LARGEST_CHUNK)
        buffer = bytearray(min(size, self._descriptor.size))
        body = self._source.open()
        offset = 0
        # A chunk is copied, because a retry sends it while the buffer is refilled.
        while chunk := body.fill(memoryview(buffer)):
            upload = self._send_chunk(upload, bytes(chunk), offset)
            offset += len(chunk)
        return upload

    def _send_chunk(self, upload: UploadSession, chunk: bytes, offset: int) -> UploadSession:
        """Send one chunk, then whatever the registry says it lacks of it.

        The distribution spec, "Pushing a blob in chunks": each answer names the next location.
        """
        attempts = Attempts(self._api.session.pacer)

        sent, end = offset, offset + len(chunk)

        while sent < end:
            try:
                response = self._api.request(
                    "PATCH",
                    upload.location,
                    headers={**_BYTES, "Content-Range": f"{sent}-{end - 1}"},
                    body=chunk[sent - offset :],
                    tries=1,
                    read_seconds=self._api.session.limits.answer,
                )
            except OciError as exc:
                # 416 means that the two sides disagree on the offset, which the status clears up.
                exc.temporary = exc.temporary or isinstance(exc, RangeRefused)
                attempts.fail(exc)
                upload, sent = self._read_status(upload, offset, end, exc)
            else:
                response.discard()
                upload = self._continued(upload, response)
                sent = end
        return upload

    def _read_status(
        self, upload: UploadSession, start: int, end: int, failure: OciError
    ) -> tuple[UploadSession, int]:
        """Return the bytes that the registry has, after a chunk whose fate is unknown."""
        response = self._api.request("GET", upload.location, expect=(200, 202, 204))
        response.discard()

        # "0-0" means no bytes: distribution says so for an upload that has only begun.
        match = _RANGE.fullmatch(response.headers.get("Range", "").strip())
        sent = int(match[1]) + 1 if match and int(match[1]) else 0
        if not start <= sent <= end:
            failure.temporary = True  # a fresh upload can still succeed
            raise failure
        return self._continued(upload, response), sent

    def _continued(self, upload: UploadSession, response: Response) -> UploadSession:
        # Each answer may name another URL (distribution spec, "Pushing a blob in chunks").
        location = self._api.location(response) or upload.location
        return UploadSession(location, upload.chunk_minimum)

    def _may_recover(self, failure: OciError) -> bool:
        # Sending wrong bytes again does not make them right.
        if isinstance(failure, ContentMismatch):
            return False
        # A lost or confused session can succeed from the start.
        if isinstance(failure, RangeRefused) or _LOST_SESSION & set(failure.codes):
            failure.temporary = True
        return failure.temporary or self._needs_chunks(failure)

    def _needs_chunks(self, failure: OciError) -> bool:
        # Proxies limit the size of a body (413); a chunk may pass.
        return (
            not self.wants_chunks
            and failure.status in _TOO_LARGE_AT_ONCE
            and self._descriptor.size > _CHUNK
        )

    def _switch_to_chunks(self, failure: OciError) -> bool:
        if not self._needs_chunks(failure):
            return False
        self.wants_chunks = True
        return True

    def _is_stored(self) -> bool:
        # Without a clear answer the blob counts as missing, and is sent again.
        try:
            return self._has_blob(self._descriptor)
        except ResponseError:
            return False
