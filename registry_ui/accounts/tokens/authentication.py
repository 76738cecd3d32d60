"""Authentication of programs by an API token in the Authorization header."""

import base64
import binascii
import functools
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from ..addresses import client_address
from ..audit.log import acting_as
from .service import PREFIX, SECRET_LENGTH, Principal, TokenRefused, authenticate

View = Callable[..., HttpResponseBase]

CHALLENGE = 'Bearer realm="Registry UI"'
_TOKEN_PATTERN = re.compile(rf"{PREFIX}[A-Za-z0-9]{{{SECRET_LENGTH}}}")


class TokenRequest(HttpRequest):
    """The request of a view that requires a token, for type checks."""

    principal: Principal


def needs_token(view: View) -> View:
    """Require an API token for a view.

    The session is ignored. So another site cannot use a visitor's browser for the request, and no
    CSRF token is needed.
    """

    @functools.wraps(view)
    def wrapper(request: TokenRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        # URLs are logged by proxies and kept in histories (RFC 6750, section 2.3).
        if has_token_in_address(request):
            return refusal(
                401,
                "token_in_address",
                _("A token in an address is not accepted, and it stands in logs now: revoke it."),
            )

        try:
            request.principal = authenticate(token_of(request), client_address(request))
        except TokenRefused as exc:
            return _refused(exc)

        with acting_as(request.principal.origin):
            return view(request, *args, **kwargs)

    exempt: View = csrf_exempt(login_not_required(wrapper))
    return exempt


def token_of(request: HttpRequest) -> str:
    """Return the token in the Authorization header, or an empty string.

    It may be a Bearer token (RFC 6750) or the password of Basic credentials (RFC 7617).
    """
    scheme, _space, value = request.headers.get("Authorization", "").strip().partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        return _password(value.strip())
    return ""


def _password(value: str) -> str:
    # The user name is ignored: registry clients send one, and the token alone decides.
    try:
        return base64.b64decode(value, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return ""


def has_token_in_address(request: HttpRequest) -> bool:
    # Percent-encoding hides a token from the pattern, but not from a reader of the log.
    return bool(_TOKEN_PATTERN.search(unquote(request.META.get("QUERY_STRING", ""))))


def _refused(exc: TokenRefused) -> JsonResponse:
    if exc.status == 429:
        return refusal(
            429,
            "too_many_wrong_tokens",
            _("Too many wrong tokens came from this address. Wait a minute."),
        )
    return refusal(
        401,
        "token_not_valid",
        _("This needs a valid API token in the header: Authorization: Bearer rui_…"),
    )


def refusal(status: int, code: str, message: str) -> JsonResponse:
    # RFC 9110, section 15.5.2, requires a challenge with status 401.
    headers = {401: {"WWW-Authenticate": CHALLENGE}, 429: {"Retry-After": "60"}}.get(status, {})
    return JsonResponse(
        {"error": {"code": code, "message": message}}, status=status, headers=headers
    )
