import logging
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from .overview import render_sections

logger = logging.getLogger(__name__)


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    return render(request, "web/overview.html", {"sections": list(render_sections(request))})


@login_not_required
@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """Tell load balancers and monitors which parts work, and nothing else."""
    parts = {
        "database": _is_available("database", _ask_database),
        "redis": _is_available("redis", _ask_redis),
    }
    healthy = all(parts.values())
    states = {name: "ok" if is_available else "down" for name, is_available in parts.items()}
    return JsonResponse(
        {"status": "ok" if healthy else "down", **states}, status=200 if healthy else 503
    )


def _is_available(name: str, ask: Any) -> bool:
    try:
        ask()
    # Whatever goes wrong there, the answer is that the part does not work.
    except Exception:
        logger.exception("The health check found that the %s does not answer", name)
        return False
    return True


def _ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _ask_redis() -> None:
    # Django's cache is in the same Redis as the queues.
    cache.get("health")


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _problem(request, 400, "web/400.html")


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _problem(request, 403, "web/403.html", str(exception or ""))


def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _problem(request, 404, "web/404.html")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _problem(request, 403, "web/403_csrf.html")


def too_many_requests(request: HttpRequest) -> HttpResponse:
    return _problem(request, 429, "web/429.html")


def server_error(request: HttpRequest) -> HttpResponse:
    """Render without the request: the fault may also break the navigation."""
    if _wants_sentence(request):
        return _sentence(500, _("The server failed. The administrator finds the cause in the log."))
    return HttpResponse(render_to_string("web/500.html"), status=500)


def _problem(request: HttpRequest, status: int, template: str, sentence: str = "") -> HttpResponse:
    if _wants_sentence(request):
        return _sentence(status, sentence or _SENTENCES[status]())
    return render(request, template, {"sentence": sentence}, status=status)


def _wants_sentence(request: HttpRequest) -> bool:
    return (
        request.headers.get("HX-Request") == "true" and request.headers.get("HX-Boosted") != "true"
    )


def _sentence(status: int, sentence: str) -> HttpResponse:
    return HttpResponse(sentence, status=status, content_type="text/plain; charset=utf-8")


# Functions, because a translation depends on the language of the request.
_SENTENCES = {
    400: lambda: _("The server could not read this request. Reload the page and try again."),
    403: lambda: _("You may not do this, or the page was open too long. Reload it and try again."),
    404: lambda: _("This is not here any more. Reload the page."),
    429: lambda: _("Too many attempts. Wait a few minutes and try again."),
}
