"""The middleware stack of /v2/.

Its clients have no session and no form, and send many requests, so the stack of the pages is
left out.
"""

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

from .errors import ApiError, error_response

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
    """The middleware that serves /v2/ and passes everything else to the pages."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        # As in Django's own stack, an exception becomes a response for the layers above.
        with_origin: Any = OriginMiddleware(_dispatch)
        self._handle: Any = convert_exception_to_response(with_origin)
        translated: Any = LocaleMiddleware(self._with_registry_errors)
        self._serve: Any = SecurityMiddleware(SecurityHeadersMiddleware(translated))

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info.startswith(f"{_ROOT}/"):
            response: HttpResponseBase = self._serve(request)
            return response
        return self.get_response(request)

    def _with_registry_errors(self, request: HttpRequest) -> HttpResponseBase:
        """Return the response, with an error page turned into a registry error.

        Every answer gets a Content-Length, so that clients can keep the connection.
        """
        response: HttpResponseBase = self._handle(request)

        # The stack answers HTML where a view was not reached: a wrong host, an exception. Clients
        # expect JSON (distribution spec, "Error Codes").
        is_page = not response.headers.get("Content-Type", "").startswith("application/")
        if response.status_code >= 400 and request.method != "HEAD" and is_page:
            response.close()
            code = _CODES.get(response.status_code, "UNKNOWN")
            response = error_response(
                ApiError(response.status_code, code, _("The server could not do this."))
            )

        if isinstance(response, HttpResponse) and "Content-Length" not in response.headers:
            response.headers["Content-Length"] = str(len(response.content))

        return response


def _dispatch(request: HttpRequest) -> HttpResponseBase:
    # It raises DisallowedHost, as CommonMiddleware does for the pages.
    request.get_host()
    view, arguments, keywords = get_resolver("registry_ui.serving.urls").resolve(
        request.path_info.removeprefix(_ROOT)
    )
    response: HttpResponseBase = view(request, *arguments, **keywords)
    return response
