"""The token endpoint, where clients exchange an API token for an access token.

Distribution's "Token Authentication Specification", and its "OAuth2 Token Authentication".
"""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from registry_ui.accounts.tokens.service import Principal, TokenRefused

from ..access import TOKEN_SECONDS, basic_login, issue_access_token, principal_of, too_many_logins
from ..errors import ApiError, error_response


@sensitive_post_parameters("password", "refresh_token")
def token(request: HttpRequest) -> HttpResponse:
    try:
        principal, scopes = _authenticate(request)
    except ApiError as exc:
        return error_response(exc)

    access_token = issue_access_token(principal, scopes)
    issued = timezone.now().isoformat(timespec="seconds")

    # Old clients read `token`, OAuth 2 clients `access_token` (distribution's "Token
    # Authentication Specification").
    return JsonResponse(
        {
            "token": access_token,
            "access_token": access_token,
            "expires_in": TOKEN_SECONDS,
            "issued_at": issued,
        }
    )


def _authenticate(request: HttpRequest) -> tuple[Principal, list[str]]:
    """Return the owner of the login, and the requested scopes.

    Raises:
        ApiError
    """
    if not settings.SERVE_IMAGES:
        raise ApiError(404, "UNSUPPORTED", _("This server does not serve its images."))
    if request.method in ("GET", "HEAD"):
        return _principal_of(_header_login(request)), _scopes(request.GET.getlist("scope"))
    if request.method == "POST":
        return _principal_of(_form_login(request)), _scopes(request.POST.getlist("scope"))

    raise ApiError(
        405,
        "UNSUPPORTED",
        _("This address takes GET and POST only."),
        headers={"Allow": "GET, HEAD, POST"},
    )


def _header_login(request: HttpRequest) -> tuple[str, str]:
    try:
        login = basic_login(request)
    except ValueError:
        login = None
    if login is None:
        raise _login_failed()
    return login


def _form_login(request: HttpRequest) -> tuple[str, str]:
    # distribution's "OAuth2 Token Authentication": docker sends a stored identity token as
    # refresh_token; here that is an API token.
    kind = request.POST.get("grant_type", "")
    if kind == "password":
        return request.POST.get("username", ""), request.POST.get("password", "")
    if kind == "refresh_token":
        return "", request.POST.get("refresh_token", "")
    raise ApiError(
        400, "UNSUPPORTED", _("grant_type is password or refresh_token; either takes an API token.")
    )


def _principal_of(login: tuple[str, str]) -> Principal:
    try:
        return principal_of(*login)
    except TokenRefused as exc:
        raise (too_many_logins() if exc.status == 429 else _login_failed()) from exc


def _scopes(values: list[str]) -> list[str]:
    """Return all scopes; a parameter may hold several, separated by spaces."""
    return [scope for value in values for scope in value.split()]


def _login_failed() -> ApiError:
    message = _("Log in with your user name and an API token as the password.")
    return ApiError(
        401,
        "UNAUTHORIZED",
        message,
        headers={"WWW-Authenticate": 'Basic realm="Registry UI", charset="UTF-8"'},
    )
