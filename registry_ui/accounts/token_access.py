"""How a program proves who it is: an API token in the Authorization header, and nowhere else."""

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

from .addresses import client_address
from .tokens import PREFIX, SECRET_LENGTH, Principal, TokenRefused, authenticate
from .trail import acting

View = Callable[..., HttpResponseBase]

CHALLENGE = 'Bearer realm="Registry UI"'
_IN_AN_ADDRESS = re.compile(rf"{PREFIX}[A-Za-z0-9]{{{SECRET_LENGTH}}}")


class TokenRequest(HttpRequest):
    """What a view behind `needs_token` gets. For type checks."""

    principal: Principal


def needs_token(view: View) -> View:
    """For what only programs ask. A browser's session counts for nothing here: so no other site can make a browser ask it,
    and no CSRF token is needed."""

    @functools.wraps(view)
    def guarded(request: TokenRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
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
        with acting(request.principal.origin):
            return view(request, *args, **kwargs)

    open_to_programs: View = csrf_exempt(login_not_required(guarded))
    return open_to_programs


def token_of(request: HttpRequest) -> str:
    """The token in the Authorization header, as `Bearer` or as the password of `Basic`; empty where there is none."""
    scheme, _space, value = request.headers.get("Authorization", "").strip().partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        return _password(value.strip())
    return ""


def _password(value: str) -> str:
    try:
        return base64.b64decode(value, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return ""


def has_token_in_address(request: HttpRequest) -> bool:
    return bool(_IN_AN_ADDRESS.search(unquote(request.META.get("QUERY_STRING", ""))))


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
    headers = (
        {"WWW-Authenticate": CHALLENGE}
        if status == 401
        else {"Retry-After": "60"}
        if status == 429
        else {}
    )
    return JsonResponse(
        {"error": {"code": code, "message": message}}, status=status, headers=headers
    )
