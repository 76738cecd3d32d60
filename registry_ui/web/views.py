from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from .health import report_health
from .overview import render_sections


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    return render(request, "web/overview.html", {"sections": list(render_sections(request))})


@login_not_required
@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """Tell load balancers which parts work, and nothing else."""
    return report_health(is_full=False)


@login_not_required
@require_safe
def full_health(request: HttpRequest) -> JsonResponse:
    """Tell monitors the same, with an error status where a part is degraded."""
    return report_health(is_full=True)


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
