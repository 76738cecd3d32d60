"""/v2/ has a stack of its own: its clients have no session, no form and no page, and they ask often."""

from collections.abc import Callable
from typing import Any

from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.middleware.security import SecurityMiddleware
from django.urls import get_resolver
from django.utils.translation import gettext as _

from registry_ui.accounts.middleware import OriginMiddleware
from registry_ui.web.middleware import SecurityHeadersMiddleware

from .errors import Refusal, answer

_ROOT = "/v2"
_CODES = {
    400: "UNSUPPORTED",
    403: "DENIED",
    404: "NAME_UNKNOWN",
    405: "UNSUPPORTED",
    413: "SIZE_INVALID",
    429: "TOOMANYREQUESTS",
}


class RegistryMiddleware:
    """Serves what is below /v2/, and hands everything else on to the stack of the pages."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        # As every layer of Django's own stack: an exception is a response to the layers above.
        self._guarded: Any = convert_exception_to_response(OriginMiddleware(_resolved))  # type: ignore[arg-type]
        translated: Any = LocaleMiddleware(self._told)
        self._serve: Any = SecurityMiddleware(SecurityHeadersMiddleware(translated))

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response: HttpResponseBase = (
            self._serve if request.path_info.startswith(f"{_ROOT}/") else self.get_response
        )(request)
        return response

    def _told(self, request: HttpRequest) -> HttpResponseBase:
        """No answer is a page: what was refused or failed outside a view is told as clients expect it. Each has its length."""
        response = self._guarded(request)
        is_page = not response.headers.get("Content-Type", "").startswith("application/")
        if response.status_code >= 400 and request.method != "HEAD" and is_page:
            response.close()
            code = _CODES.get(response.status_code, "UNKNOWN")
            response = answer(
                Refusal(response.status_code, code, _("The server could not do this."))
            )
        if isinstance(response, HttpResponse) and "Content-Length" not in response.headers:
            response.headers["Content-Length"] = str(len(response.content))
        return response


def _resolved(request: HttpRequest) -> HttpResponseBase:
    request.get_host()  # raises DisallowedHost
    view, arguments, named = get_resolver("registry_ui.serving.urls").resolve(
        request.path_info.removeprefix(_ROOT)
    )
    response: HttpResponseBase = view(request, *arguments, **named)
    return response
