"""The errors of registries, images and archives.

OciError
├── InvalidReference        a name that the specs do not allow
├── InvalidDigest
├── InvalidManifest         malformed, too large, or of a kind that is not copied
├── InvalidArchive          a file of images that is damaged, hostile, or of another kind
├── ContentMismatch         bytes that are not what their digest or size promised
├── PlatformMissing         the index has no image for the wanted platform
├── Cancelled
├── StorageError            this machine's disk
│   └── StorageFull
├── ConnectionFailed        no answer at all
│   ├── HostUnknown
│   ├── ConnectionTimeout
│   ├── TlsFailed
│   └── EgressRefused       an address that the egress rules forbid
└── ResponseError           an answer, but not the expected one
    ├── NotARegistry        200 with a web page, or no /v2/ at all
    ├── Unauthorized        the credential is missing or was refused
    ├── Denied              known, but not allowed
    ├── NotFound
    │   ├── RepositoryUnknown
    │   ├── ManifestUnknown
    │   └── BlobUnknown
    ├── Unsupported
    ├── RangeRefused
    ├── RateLimited
    └── ServerFailed
"""

from collections.abc import Sequence
from typing import Any

from .redaction import one_line

StoredError = dict[str, Any]
"""An error as rows, events and API answers hold it: `kind`, `code` and `parameters`."""


class OciError(Exception):
    """Any failure of this package.

    It carries no sentence for people: `registry_ui.web.errors` has one for each code, in the
    reader's language. Its `str` is for logs.

    Args:
        code: a short, stable name of the sentence.
        status: the HTTP status, where there was a response.
        codes: the error codes of the response's body (distribution spec, "Error Codes").
        temporary: whether the same call may succeed later, unchanged.
        retry_after: seconds that the registry asked to wait, where it did.
        parameters: what the sentence names. None of them holds a secret; control characters in
            them are replaced; those that are None are left out.
    """

    temporary_by_default = False

    def __init__(
        self,
        code: str,
        /,
        *,
        status: int | None = None,
        codes: Sequence[str] = (),
        temporary: bool | None = None,
        retry_after: float | None = None,
        **parameters: object,
    ) -> None:
        self.code = code
        self.parameters = {
            name: _plain(value) for name, value in parameters.items() if value is not None
        }
        super().__init__(log_line(code, self.parameters))
        self.status = status
        self.codes = tuple(codes)
        self.temporary = self.temporary_by_default if temporary is None else temporary
        self.retry_after = retry_after

    def stored(self) -> StoredError:
        """Return the error as JSON can hold it."""
        return {"kind": type(self).__name__, "code": self.code, "parameters": self.parameters}


def _plain(value: object) -> Any:
    """Return a value that JSON can hold."""
    if isinstance(value, OciError):
        return value.stored()
    if isinstance(value, bool | int | float | dict):
        return value
    if isinstance(value, list | tuple):
        return [one_line(str(part)) for part in value]
    # Some parameters quote texts of registries, so control characters must not survive.
    return one_line(str(value))


def log_line(code: str, parameters: dict[str, Any]) -> str:
    """Return a code and its parameters as one line of a log."""
    return " ".join([code, *(f"{name}={_log_value(value)}" for name, value in parameters.items())])


def _log_value(value: object) -> str:
    if isinstance(value, list):
        return ",".join(value)
    # The error that caused this one.
    if isinstance(value, dict):
        return f"({log_line(value.get('code', ''), value.get('parameters', {}))})"
    return str(value)


class InvalidReference(OciError, ValueError):
    """A reference, repository, tag or host that the specs do not allow."""


class InvalidDigest(OciError, ValueError):
    """A digest of an unknown algorithm, or of the wrong length."""


class InvalidManifest(OciError, ValueError):
    """A manifest or config that is malformed, too large, ambiguous, or too old to move."""


class InvalidArchive(OciError, ValueError):
    """An archive that is refused whole: damaged, cut off, too large, or hostile."""


class ContentMismatch(OciError):
    """Bytes whose hash or length is not that of their descriptor."""


class PlatformMissing(OciError):
    """An index without an image for the wanted platform."""


class Cancelled(OciError):
    """A person cancelled the operation."""


class StorageError(OciError):
    """A read or write that the local disk refused."""


class StorageFull(StorageError):
    """A local disk without room for the new content."""


class ConnectionFailed(OciError):
    """A connection without an answer: refused, reset, or cut off."""

    temporary_by_default = True


class HostUnknown(ConnectionFailed):
    """A host name that does not resolve."""

    temporary_by_default = False


class ConnectionTimeout(ConnectionFailed):
    """A connection that gave no answer, or no more bytes, in the time allowed."""


class TlsFailed(ConnectionFailed):
    """An untrusted, expired or wrong certificate, or a port that does not speak TLS."""

    temporary_by_default = False


class EgressRefused(ConnectionFailed):
    """An address or scheme that the egress rules forbid."""

    temporary_by_default = False


class ResponseError(OciError):
    """An HTTP response other than the expected one."""


class NotARegistry(ResponseError):
    """A host that answers, but not as a registry does."""


class Unauthorized(ResponseError):
    """A missing credential, or one that the registry refuses."""


class Denied(ResponseError):
    """A known credential without the rights for this operation."""


class NotFound(ResponseError):
    """A 404 with no more exact meaning."""


class RepositoryUnknown(NotFound):
    """NAME_UNKNOWN: no such repository, or none that this credential may see."""


class ManifestUnknown(NotFound):
    """MANIFEST_UNKNOWN: the repository has no such tag or digest."""


class BlobUnknown(NotFound):
    """BLOB_UNKNOWN, or a manifest PUT that names a blob that the registry lacks."""


class Unsupported(ResponseError):
    """An operation that the registry does not offer."""


class RangeRefused(ResponseError):
    """416: the registry and the client disagree on the bytes transferred so far."""


class RateLimited(ResponseError):
    """429: too many requests for now."""

    temporary_by_default = True


class ServerFailed(ResponseError):
    """5xx: a failure of the registry itself."""

    temporary_by_default = True
