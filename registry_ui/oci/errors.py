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

from .redaction import one_line


class OciError(Exception):
    """Any failure of this package.

    Args:
        message: one sentence for a person: what failed and why. It never holds a secret; control
            characters in it are replaced.
        advice: one sentence: what to do; empty for the general advice of the kind.
        status: the HTTP status, where there was a response.
        codes: the error codes of the response's body (distribution spec, "Error Codes").
        temporary: whether the same call may succeed later, unchanged.
        retry_after: seconds that the registry asked to wait, where it did.
    """

    temporary_by_default = False
    general_advice = ""

    def __init__(
        self,
        message: str,
        *,
        advice: str = "",
        status: int | None = None,
        codes: Sequence[str] = (),
        temporary: bool | None = None,
        retry_after: float | None = None,
    ) -> None:
        # The message quotes texts of registries, so control characters must not survive.
        self.message = one_line(message)
        self.advice = one_line(advice) or self.general_advice
        super().__init__(self.message)
        self.status = status
        self.codes = tuple(codes)
        self.temporary = self.temporary_by_default if temporary is None else temporary
        self.retry_after = retry_after


class InvalidReference(OciError, ValueError):
    """A reference, repository, tag or host that the specs do not allow."""


class InvalidDigest(OciError, ValueError):
    """A digest of an unknown algorithm, or of the wrong length."""


class InvalidManifest(OciError, ValueError):
    """A manifest or config that is malformed, too large, ambiguous, or too old to move."""

    general_advice = (
        "Have the image built and pushed there anew with a current tool, then try again."
    )


class InvalidArchive(OciError, ValueError):
    """An archive that is refused whole: damaged, cut off, too large, or hostile."""

    general_advice = "Nothing of it was kept. Have the archive made and brought here anew."


class ContentMismatch(OciError):
    """Bytes whose hash or length is not that of their descriptor."""

    general_advice = (
        "Try again; if it happens again, the image is damaged at its source and has "
        "to be pushed there anew."
    )


class PlatformMissing(OciError):
    """An index without an image for the wanted platform."""


class Cancelled(OciError):
    """A person cancelled the operation."""


class StorageError(OciError):
    """A read or write that the local disk refused."""

    general_advice = "Look into the system's log for a fault of the disk."


class StorageFull(StorageError):
    """A local disk without room for the new content."""


class ConnectionFailed(OciError):
    """A connection without an answer: refused, reset, or cut off."""

    temporary_by_default = True
    general_advice = "Try again; if it persists, check the registry and the network."


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
    general_advice = "Do not trust that registry before its administrator has explained this."


class ResponseError(OciError):
    """An HTTP response other than the expected one."""

    general_advice = "Try again later; if it persists, tell the registry's administrator."


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
