"""The codes and parameters of the errors for a registry's error responses."""

from typing import Any, NamedTuple

from .errors import (
    BlobUnknown,
    Denied,
    ManifestUnknown,
    NotARegistry,
    RateLimited,
    RepositoryUnknown,
    ResponseError,
    ServerFailed,
    Unauthorized,
    Unsupported,
)
from .http_messages import Response
from .request_context import ErrorResponse, RequestContext

DENIED_CODES = {
    # (what was requested, whether without a credential)
    ("push", False): "denied_push",
    ("push", True): "denied_push_anonymous",
    ("deletion", False): "denied_deletion",
    ("deletion", True): "denied_deletion_anonymous",
    ("pull", False): "denied_pull",
    ("pull", True): "denied_pull_anonymous",
    ("listing", False): "denied_listing",
    ("listing", True): "denied_listing_anonymous",
    ("login", False): "denied_login",
    ("login", True): "denied_login_anonymous",
}


class Explanation(NamedTuple):
    """The code of an error, and its parameters."""

    code: str
    parameters: dict[str, Any]


def not_a_registry(host: str, status: int, media_type: str) -> NotARegistry:
    """Return the error for a host that answers /v2/ as no registry does."""
    if "html" in media_type:
        return NotARegistry("web_page_not_registry", status=status, host=host)
    return NotARegistry("not_a_registry", status=status, host=host, http_status=status)


def foreign_error(
    response: Response, error_response: ErrorResponse, context: RequestContext
) -> ResponseError:
    """Return the error for a refused signed URL; the registry gives a new one on request."""
    kind: type[ResponseError] = Denied
    if error_response.status >= 500:
        kind = ServerFailed
    elif error_response.status == 429:
        kind = RateLimited

    return kind(
        "content_refused_elsewhere",
        status=error_response.status,
        temporary=error_response.status != 404,
        retry_after=error_response.retry_after,
        host=context.host,
        other_host=response.host,
        http_status=error_response.status,
    )


def explain_response(
    kind: type[ResponseError], error_response: ErrorResponse, context: RequestContext
) -> Explanation:
    """Return the code for an error response, with everything that its sentence may name."""
    code = _special_code(error_response, context) or _code(kind, error_response, context)
    wait = error_response.retry_after
    parameters = {
        "host": context.host,
        "repository": context.repository or None,
        "location": context.location,
        "name": context.name or None,
        "http_status": error_response.status,
        "quote": error_response.text.rstrip(".") or None,
        "seconds": wait if code == "rate_limited_for" else None,
    }
    return Explanation(code, parameters)


def _code(kind: type[ResponseError], error_response: ErrorResponse, context: RequestContext) -> str:
    simple_codes = {
        RateLimited: "rate_limited" if error_response.retry_after is None else "rate_limited_for",
        ServerFailed: "server_failed",
        # For a pull, a repository that the credential may not see looks missing too.
        RepositoryUnknown: "repository_unknown_for_push"
        if context.is_push
        else "repository_unknown",
        # A digest has a colon, a tag cannot.
        ManifestUnknown: "manifest_unknown" if ":" in context.name else "tag_unknown",
        BlobUnknown: "manifest_lacks_blob" if context.subject == "manifest" else "blob_unknown",
        NotARegistry: "https_expected" if error_response.mentions("https") else "not_a_registry",
    }
    if kind in simple_codes:
        return simple_codes[kind]

    if kind is Unauthorized:
        return _unauthorized_code(context)
    if kind is Denied:
        return DENIED_CODES[_action(context), context.is_anonymous]
    if kind is Unsupported:
        return _unsupported_code(context)
    return "token_service_status" if context.subject == "login" else "unexpected_status"


def _special_code(error_response: ErrorResponse, context: RequestContext) -> str | None:
    # A server that fails may mention anything in its text.
    if error_response.status >= 500:
        return None

    if error_response.is_immutable and context.is_deletion:
        return "deletion_immutable"
    if error_response.is_immutable:
        return "tag_immutable" if context.name else "repository_immutable"

    if error_response.is_over_quota:
        return "quota_used_up"
    if error_response.is_from_proxy_cache:
        return "proxy_cache_not_writable"
    return "request_too_large" if error_response.status == 413 else None


def _unauthorized_code(context: RequestContext) -> str:
    if not context.is_anonymous:
        is_login = context.subject in ("login", "registry")
        return "login_refused" if is_login else "credential_refused"

    if context.is_push:
        return "login_wanted_to_push"
    if context.is_deletion:
        return "login_wanted_to_delete"
    return "login_wanted_to_list" if context.subject == "repositories" else "login_wanted"


def _action(context: RequestContext) -> str:
    if context.subject in ("login", "registry"):
        return "login"
    if context.subject == "repositories":
        return "listing"
    if context.is_push:
        return "push"
    return "deletion" if context.is_deletion else "pull"


def _unsupported_code(context: RequestContext) -> str:
    if context.subject == "manifest" and context.is_push:
        return "manifest_kind_refused"
    if context.is_deletion:
        is_tag = ":" not in context.name
        return "tag_deletion_unsupported" if is_tag else "manifest_deletion_unsupported"
    return "listing_unsupported" if context.subject == "repositories" else "operation_unsupported"
