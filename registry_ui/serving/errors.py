"""Error answers of the registry API: JSON with a code (distribution spec, "Error Codes")."""

from collections.abc import Mapping
from typing import Any

from django.http import JsonResponse
from django.utils.translation import gettext as _

from registry_ui.images.blob_uploads import UploadBusy, UploadTooLarge, UploadUnknown
from registry_ui.oci import errors as oci
from registry_ui.web.errors import describe

API_VERSION = {"Docker-Distribution-API-Version": "registry/2.0"}


class ApiError(Exception):
    """An error of the registry API, raised by a view.

    Args:
        code: one of the specification's error codes.
        headers: additional headers of the answer.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        detail: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.detail = detail
        self.headers = dict(headers or {})


def name_unknown() -> ApiError:
    """Return one error for a repository that does not exist and for another team's.

    The same answer for both keeps the names of other teams secret.
    """
    return ApiError(
        404, "NAME_UNKNOWN", _("There is no such repository, or it is not yours to see.")
    )


def manifest_unknown() -> ApiError:
    return ApiError(404, "MANIFEST_UNKNOWN", _("There is no such manifest in this repository."))


def blob_unknown() -> ApiError:
    return ApiError(404, "BLOB_UNKNOWN", _("There is no such blob in this repository."))


def upload_unknown() -> ApiError:
    return ApiError(404, "BLOB_UPLOAD_UNKNOWN", _("There is no such upload in this repository."))


def error_response(error: ApiError) -> JsonResponse:
    body = {"code": error.code, "message": error.message, "detail": error.detail}
    response = JsonResponse({"errors": [body]}, status=error.status)
    # Django logs a warning for each 4xx answer, and every push asks for blobs that do not exist
    # yet (distribution spec, "Checking if content exists in the registry").
    response._has_been_logged = True  # type: ignore[attr-defined]
    for name, value in {**API_VERSION, **error.headers}.items():
        response.headers[name] = value
    return response


# The first match counts, so subclasses come before their base classes. The codes are those of the
# distribution spec, "Error Codes"; UNKNOWN is distribution's own, for a fault of the server.
_KINDS: tuple[tuple[type[oci.OciError], int, str], ...] = (
    (UploadUnknown, 404, "BLOB_UPLOAD_UNKNOWN"),
    (UploadBusy, 409, "BLOB_UPLOAD_INVALID"),
    (UploadTooLarge, 413, "SIZE_INVALID"),
    (oci.InvalidReference, 400, "NAME_INVALID"),
    (oci.InvalidDigest, 400, "DIGEST_INVALID"),
    (oci.InvalidManifest, 400, "MANIFEST_INVALID"),
    (oci.ContentMismatch, 400, "DIGEST_INVALID"),
    (oci.StorageFull, 507, "UNKNOWN"),
    (oci.StorageError, 500, "UNKNOWN"),
    (oci.BlobUnknown, 404, "BLOB_UNKNOWN"),
    (oci.ManifestUnknown, 404, "MANIFEST_UNKNOWN"),
    (oci.NotFound, 404, "NAME_UNKNOWN"),
    (oci.Denied, 403, "DENIED"),
    (oci.RateLimited, 429, "TOOMANYREQUESTS"),
    (oci.Unsupported, 405, "UNSUPPORTED"),
)


def api_error_for(exc: oci.OciError) -> ApiError:
    """Return the answer for an error of the store or of another registry."""
    status, code = next(
        ((status, code) for kind, status, code in _KINDS if isinstance(exc, kind)), (502, "UNKNOWN")
    )
    headers = (
        {"Retry-After": str(max(1, round(exc.retry_after)))} if exc.retry_after is not None else {}
    )
    return ApiError(status, code, str(describe(exc)), headers=headers)
