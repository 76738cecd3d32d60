"""Where clients exchange an API token for an access token (distribution's token specification; OAuth 2 password grant)."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from registry_ui.accounts.tokens import Principal, TokenRefused

from ..access import TOKEN_SECONDS, basic_login, grant, principal_of, too_many_logins
from ..errors import Refusal, answer


@sensitive_post_parameters("password", "refresh_token")
def token(request: HttpRequest) -> HttpResponse:
    try:
        principal, scopes = _asked(request)
    except Refusal as exc:
        return answer(exc)
    text = grant(principal, scopes)
    issued = timezone.now().isoformat(timespec="seconds")
    return JsonResponse(
        {"token": text, "access_token": text, "expires_in": TOKEN_SECONDS, "issued_at": issued}
    )


def _asked(request: HttpRequest) -> tuple[Principal, list[str]]:
    """Who asks, and for what.

    Raises:
        Refusal
    """
    if not settings.SERVE_IMAGES:
        raise Refusal(404, "UNSUPPORTED", _("This server does not serve its images."))
    if request.method in ("GET", "HEAD"):
        return _logged_in(_from_header(request)), _scopes(request.GET.getlist("scope"))
    if request.method == "POST":
        return _logged_in(_from_form(request)), _scopes(request.POST.getlist("scope"))
    raise Refusal(
        405,
        "UNSUPPORTED",
        _("This address takes GET and POST only."),
        headers={"Allow": "GET, HEAD, POST"},
    )


def _from_header(request: HttpRequest) -> tuple[str, str]:
    try:
        login = basic_login(request)
    except ValueError:
        login = None
    if login is None:
        raise _refused()
    return login


def _from_form(request: HttpRequest) -> tuple[str, str]:
    kind = request.POST.get("grant_type", "")
    if kind == "password":
        return request.POST.get("username", ""), request.POST.get("password", "")
    if kind == "refresh_token":
        return "", request.POST.get("refresh_token", "")
    raise Refusal(
        400, "UNSUPPORTED", _("grant_type is password or refresh_token; either takes an API token.")
    )


def _logged_in(login: tuple[str, str]) -> Principal:
    try:
        return principal_of(*login)
    except TokenRefused as exc:
        raise (too_many_logins() if exc.status == 429 else _refused()) from exc


def _scopes(values: list[str]) -> list[str]:
    """Each parameter may hold several, separated by spaces."""
    return [scope for value in values for scope in value.split()]


def _refused() -> Refusal:
    message = _("Log in with your user name and an API token as the password.")
    return Refusal(
        401,
        "UNAUTHORIZED",
        message,
        headers={"WWW-Authenticate": 'Basic realm="Registry UI", charset="UTF-8"'},
    )
