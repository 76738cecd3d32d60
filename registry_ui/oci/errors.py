"""What can go wrong between here and a registry, each with what a person can do about it.

OciError
├── InvalidReference        a name that no registry would take
├── InvalidDigest
├── InvalidManifest         malformed, too large, or of a kind that is not moved
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
│   └── EgressRefused       an address that this installation does not connect to
└── ResponseError           an answer, but not the wanted one
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
    """Anything that stops a call of this package.

    Args:
        message: one sentence for a person: what failed and why. Never contains a secret. What it quotes is made inert here.
        advice: one sentence: what to do about it; empty takes the kind's general one.
        status: the HTTP status, where there was an answer.
        codes: the error codes of the answer's body (distribution spec, "Error Codes").
        temporary: whether the same call may succeed later, unchanged.
        retry_after: seconds that the registry asked to wait, where it said so.
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
    """An archive that is refused whole: damaged, cut off, too large, or made to do harm."""

    general_advice = "Nothing of it was kept. Have the archive made and brought here anew."


class ContentMismatch(OciError):
    """Bytes whose hash or length is not the one that their descriptor promised."""

    general_advice = "Try again; if it happens again, the image is damaged at its source and has to be pushed there anew."


class PlatformMissing(OciError):
    """The index has no image for the wanted platform."""


class Cancelled(OciError):
    """Somebody asked to stop."""


class StorageError(OciError):
    """The local disk refused a read or a write."""

    general_advice = "Look into the system's log for a fault of the disk."


class StorageFull(StorageError):
    """The local disk has no room for what is to be stored."""


class ConnectionFailed(OciError):
    """No answer: refused, reset, or cut off."""

    temporary_by_default = True
    general_advice = "Try again; if it persists, check the registry and the network."


class HostUnknown(ConnectionFailed):
    """The name does not resolve."""

    temporary_by_default = False


class ConnectionTimeout(ConnectionFailed):
    """No answer, or no more bytes, in the time allowed."""


class TlsFailed(ConnectionFailed):
    """The certificate is not trusted, expired, or for another host; or the port does not speak TLS."""

    temporary_by_default = False


class EgressRefused(ConnectionFailed):
    """An address or scheme to which this installation does not connect."""

    temporary_by_default = False
    general_advice = "Do not trust that registry before its administrator has explained this."


class ResponseError(OciError):
    """An HTTP answer that is not the wanted one."""

    general_advice = "Try again later; if it persists, tell the registry's administrator."


class NotARegistry(ResponseError):
    """The host answers, but not as a registry does."""


class Unauthorized(ResponseError):
    """No credential, or one that the registry refuses."""


class Denied(ResponseError):
    """The registry knows who asks, and says no."""


class NotFound(ResponseError):
    """404 with no more exact meaning."""


class RepositoryUnknown(NotFound):
    """NAME_UNKNOWN: no such repository, or none that this credential may see."""


class ManifestUnknown(NotFound):
    """MANIFEST_UNKNOWN: the repository has no such tag or digest."""


class BlobUnknown(NotFound):
    """BLOB_UNKNOWN, also from a manifest PUT that names a blob the registry lacks."""


class Unsupported(ResponseError):
    """The registry does not offer this operation."""


class RangeRefused(ResponseError):
    """416: the registry and the client disagree on how many bytes have passed."""


class RateLimited(ResponseError):
    """429: too many requests for now."""

    temporary_by_default = True


class ServerFailed(ResponseError):
    """5xx: the registry itself is in trouble."""

    temporary_by_default = True
