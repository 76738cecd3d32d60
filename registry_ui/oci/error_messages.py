"""Sentences for a person about an error response of a registry."""

from .advice import advice_for
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


def not_a_registry(host: str, status: int, media_type: str) -> NotARegistry:
    """Return the error for a host that answers /v2/ as no registry does."""
    observed = "with a web page" if "html" in media_type else f"with status {status}"
    return NotARegistry(
        f"{host} is not a registry: it answers {observed} where a registry answers /v2/.",
        advice="Check the host and the port; the registry's address often differs from that of "
        "its web page.",
        status=status,
    )


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
        f"{context.host} sends this client to {response.host} for the content, which refuses it "
        f"(status {error_response.status}).",
        advice="Try again; if it persists, tell the registry's administrator.",
        status=error_response.status,
        temporary=error_response.status != 404,
        retry_after=error_response.retry_after,
    )


def describe_response(
    kind: type[ResponseError], error_response: ErrorResponse, context: RequestContext
) -> tuple[str, str]:
    """Return a sentence about the error response, and one of advice, which may be empty."""
    quote = f" It says: {error_response.text.rstrip('.')}." if error_response.text else ""
    special = _describe_special(error_response, context, quote)
    if special is not None:
        return special

    explain = {
        Unauthorized: _explain_unauthorized,
        Denied: _explain_denied,
        RepositoryUnknown: _explain_repository,
        ManifestUnknown: _explain_manifest,
        BlobUnknown: _explain_blob,
        RateLimited: _explain_limit,
        NotARegistry: _explain_no_registry,
        ServerFailed: _explain_server,
        Unsupported: _explain_unsupported,
    }.get(kind)
    if explain is not None:
        return explain(error_response, context, quote)
    subject = (
        f"The token service of {context.host}" if context.subject == "login" else context.location
    )
    return f"{subject} answers with status {error_response.status}.{quote}", ""


def _describe_special(
    error_response: ErrorResponse, context: RequestContext, quote: str
) -> tuple[str, str] | None:
    # A server that fails may mention anything in its text.
    if error_response.status >= 500:
        return None

    if error_response.is_immutable and context.is_deletion:
        return (
            f"{context.location} is immutable.{quote}",
            "Have the immutability rule changed on the registry.",
        )
    if error_response.is_immutable:
        return (
            f"{context.location}: the tag {context.name} exists already and is immutable there."
            if context.name
            else f"{context.location} is immutable.{quote}",
            "Push under another tag, or have the immutability rule changed on the registry.",
        )

    if error_response.is_over_quota:
        return (
            f"{context.location} has no room left: its quota is used up.{quote}",
            "Delete images there, or have the quota raised.",
        )

    if error_response.is_from_proxy_cache:
        return (
            f"{context.location} is a proxy cache, which takes no pushes.",
            "Push to an ordinary project.",
        )

    if error_response.status == 413:
        return (
            f"{context.host} does not take a request of this size.{quote}",
            "Have the body size limit of the proxy before the registry raised "
            "(client_max_body_size in nginx).",
        )
    return None


def _explain_unauthorized(
    error_response: ErrorResponse, context: RequestContext, quote: str
) -> tuple[str, str]:
    if context.is_anonymous:
        purpose = " to push" if context.is_push else " to delete" if context.is_deletion else ""
        advice = (
            ""
            if purpose or context.subject == "repositories"
            else advice_for(context.host, "denied_pull")
        )
        return (
            f"{context.location} wants a login{purpose}.{quote}",
            f"Add a credential for {context.host}. {advice}".strip(),
        )

    if context.subject in ("login", "registry"):
        return (
            f"{context.host} refused the login: the username or the secret is wrong, or has "
            "expired.",
            advice_for(context.host, "login"),
        )
    return f"{context.location} did not accept the credential.{quote}", advice_for(
        context.host, "login"
    )


def _explain_denied(
    error_response: ErrorResponse, context: RequestContext, quote: str
) -> tuple[str, str]:
    verb = "push to" if context.is_push else "delete from" if context.is_deletion else "pull from"
    subject = "an anonymous visitor" if context.is_anonymous else "this credential"

    name = (
        "denied_push"
        if context.is_push
        else "denied_deletion"
        if context.is_deletion
        else "denied_pull"
    )

    if context.subject in ("login", "registry"):
        return f"{context.host} refuses {subject}.{quote}", advice_for(context.host, "login")
    if context.subject == "repositories":
        return f"{context.host} does not let {subject} list its repositories.{quote}", advice_for(
            context.host, "denied_listing"
        )
    return f"{context.host} does not let {subject} {verb} {context.repository}.{quote}", advice_for(
        context.host, name, repository=context.repository, hint=error_response.text
    )


def _explain_repository(
    error_response: ErrorResponse, context: RequestContext, quote: str
) -> tuple[str, str]:
    # For a pull, a repository that the credential may not see looks missing too.
    return f"{context.host} has no repository {context.repository}.{quote}", advice_for(
        context.host,
        "missing" if context.is_push else "denied_pull",
        repository=context.repository,
        hint=error_response.text,
    )


def _explain_manifest(
    error_response: ErrorResponse, context: RequestContext, quote: str
) -> tuple[str, str]:
    # A digest has a colon, a tag cannot.
    kind = "manifest" if ":" in context.name else "tag"
    return (
        f"{context.location} has no {kind} {context.name}.",
        "Check the spelling; it may have been deleted. The registry's own web pages list its tags.",
    )


def _explain_blob(
    error_response: ErrorResponse, context: RequestContext, quote: str
) -> tuple[str, str]:
    if context.subject == "manifest":
        return (
            f"{context.location} refuses the manifest, because it lacks a blob that the manifest "
            f"names.{quote}",
            "Push the image again.",
        )
    return (
        f"{context.location} has no blob {context.name}.",
        "The image there is damaged: push it again at its source, then try again.",
    )


def _explain_limit(
    error_response: ErrorResponse, context: RequestContext, quote: str
) -> tuple[str, str]:
    return (
        f"{context.host} asks to slow down{_when(error_response.retry_after)}: "
        f"too many requests.{quote}",
        advice_for(context.host, "limit"),
    )


def _when(seconds: float | None) -> str:
    if seconds is None:
        return ""
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        if seconds >= size or unit == "second":
            count = max(1, round(seconds / size))
            return f" for {count} {unit}{'' if count == 1 else 's'}"
    return ""


def _explain_no_registry(
    error_response: ErrorResponse, context: RequestContext, quote: str
) -> tuple[str, str]:
    if error_response.mentions("https"):
        return (
            f"{context.host} speaks https on this port, and was asked in plain HTTP.",
            "Choose HTTPS for this registry.",
        )
    error = not_a_registry(context.host, error_response.status, "")
    return error.message, error.advice


def _explain_server(
    error_response: ErrorResponse, context: RequestContext, quote: str
) -> tuple[str, str]:
    return (
        f"The registry {context.host} is in trouble (status {error_response.status}).{quote}",
        "Try again later; if it persists, tell the registry's administrator.",
    )


def _explain_unsupported(
    error_response: ErrorResponse, context: RequestContext, quote: str
) -> tuple[str, str]:
    if context.subject == "manifest" and context.is_push:
        return (
            f"{context.location} does not take this kind of manifest.{quote}",
            "The registry may be too old for OCI images or for indexes: update it.",
        )

    if context.is_deletion:
        target = "manifests" if ":" in context.name else "a tag alone"
        return f"{context.host} does not delete {target} for its clients.{quote}", advice_for(
            context.host, "deletion", repository=context.repository, hint=error_response.text
        )
    if context.subject == "repositories":
        return f"{context.host} has no list of its repositories to give.{quote}", ""

    return f"{context.host} does not offer this operation.{quote}", ""
