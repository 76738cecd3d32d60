"""Unexpected responses, turned into typed errors (distribution spec, "Error Codes")."""

import json

from .errors import (
    BlobUnknown,
    Denied,
    ManifestUnknown,
    NotARegistry,
    NotFound,
    RangeRefused,
    RateLimited,
    RepositoryUnknown,
    ResponseError,
    ServerFailed,
    Unauthorized,
    Unsupported,
)
from .http_messages import Response
from .redaction import redact
from .request_context import ErrorResponse, RequestContext
from .response_codes import explain_response, foreign_error
from .retries import retry_after

# A useful message is far shorter; a hostile body may be endless.
ERROR_BODY_LIMIT = 64 * 1024

_CODES: dict[str, type[ResponseError]] = {
    "NAME_UNKNOWN": RepositoryUnknown,
    "MANIFEST_UNKNOWN": ManifestUnknown,
    "BLOB_UNKNOWN": BlobUnknown,
    "MANIFEST_BLOB_UNKNOWN": BlobUnknown,
    "TOOMANYREQUESTS": RateLimited,
    "DENIED": Denied,
    "UNAUTHORIZED": Unauthorized,
    "UNSUPPORTED": Unsupported,
}
_STATUSES: dict[int, type[ResponseError]] = {
    401: Unauthorized,
    403: Denied,
    405: Unsupported,
    415: Unsupported,
    416: RangeRefused,
    429: RateLimited,
    501: Unsupported,
}

# A 404 without a code means the thing that was requested.
_NOT_FOUND: dict[str, type[ResponseError]] = {
    "registry": NotARegistry,
    "manifest": ManifestUnknown,
    "blob": BlobUnknown,
    "upload": RepositoryUnknown,
    "tags": RepositoryUnknown,
}

# PROTOCOL.md, "Errors and lists"; 499 is nginx's "client closed request".
_TEMPORARY = frozenset({408, 425, 429, 499})


def error_from(response: Response, context: RequestContext) -> ResponseError:
    """Return the typed error for a response with an unexpected status.

    It reads at most 64 KiB of the body and closes the response.
    """
    wait = retry_after(response.headers)
    media_type = response.media_type
    body = response.read_start(ERROR_BODY_LIMIT)

    # A web page is a proxy's or a sign-in page's: its text says nothing to the reader.
    is_page = media_type == "text/html"
    codes, text = ((), "") if is_page else _parse_body(body, context.secrets)
    error_response = ErrorResponse(response.status, codes, text, wait, context.texts)

    if response.is_foreign:
        return foreign_error(response, error_response, context)

    kind = _kind_of(error_response, context)
    code, parameters = explain_response(kind, error_response, context)
    return kind(
        code,
        status=error_response.status,
        codes=codes,
        temporary=kind.temporary_by_default or error_response.status in _TEMPORARY,
        retry_after=wait,
        **parameters,
    )


def _parse_body(body: bytes, secrets: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return (), redact(body.decode("utf-8", "replace"), secrets)

    errors = document.get("errors") if isinstance(document, dict) else None
    if not isinstance(errors, list):
        return (), redact(_plain_text(document), secrets)

    # At most twenty: the message shows their texts to a person.
    entries = [entry for entry in errors[:20] if isinstance(entry, dict)]
    codes = tuple(
        entry["code"][:60].upper() for entry in entries if isinstance(entry.get("code"), str)
    )
    return codes, redact("; ".join(_entry_text(entry) for entry in entries), secrets)


def _plain_text(document: object) -> str:
    """Return the message of a body in another form than the spec's; empty where it has none."""
    if not isinstance(document, dict):
        return ""
    text = document.get("message") or document.get("error") or document.get("details")
    return text if isinstance(text, str) else ""


def _entry_text(entry: dict[str, object]) -> str:
    message, detail = entry.get("message"), entry.get("detail")
    texts = [text for text in (message, detail) if isinstance(text, str) and text]
    return ": ".join(dict.fromkeys(texts))


def _kind_of(error_response: ErrorResponse, context: RequestContext) -> type[ResponseError]:
    if error_response.status >= 500 and error_response.status != 501:
        return ServerFailed
    if error_response.status == 429:
        return RateLimited

    # Registries state immutable tags and full quotas in the body only (PROTOCOL.md, "Providers").
    if (
        error_response.is_immutable or error_response.is_over_quota
    ) and error_response.status < 500:
        return Denied

    if context.subject == "repositories" and error_response.status == 404:
        return Unsupported

    # The code is more exact than the status (distribution spec, "Error Codes").
    for code in error_response.codes:
        if code in _CODES:
            return _adjusted_kind(_CODES[code], error_response.status, context)

    if error_response.status == 404:
        return _NOT_FOUND.get(context.subject, NotFound)

    # The answers of Go's servers and of nginx to plain HTTP on a TLS port.
    if error_response.mentions(
        "http request to an https server", "plain http request was sent to https port"
    ):
        return NotARegistry

    if context.is_deletion and error_response.status == 400:
        return Unsupported  # distribution calls a tag that is to be deleted a bad digest

    return _adjusted_kind(
        _STATUSES.get(error_response.status, ResponseError), error_response.status, context
    )


def _adjusted_kind(
    kind: type[ResponseError], status: int, context: RequestContext
) -> type[ResponseError]:
    """Return the kind, but `Denied` where a known credential is refused, whatever the code."""
    # Docker Hub answers UNAUTHORIZED for a repository that the account may not see.
    return Denied if kind is Unauthorized and (status == 403 or context.is_known) else kind
