from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _

from .errors import Refusal, answer

_CODES = {400: "UNSUPPORTED", 403: "DENIED", 404: "NAME_UNKNOWN", 405: "UNSUPPORTED", 413: "SIZE_INVALID", 429: "TOOMANYREQUESTS"}


class RegistryErrorsMiddleware:
    """Below /v2/ no answer is a page: what was refused or failed before or outside a view is told as clients expect it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        is_page = not response.headers.get("Content-Type", "").startswith("application/")
        if not request.path_info.startswith("/v2/") or response.status_code < 400 or request.method == "HEAD" or not is_page:
            return response
        told = answer(Refusal(response.status_code, _CODES.get(response.status_code, "UNKNOWN"), _("The server could not do this.")))
        response.close()
        return told
