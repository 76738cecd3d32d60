"""API tokens: a person's own, and those of a team's robots. Each is shown once."""

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_http_methods, require_safe

from registry_ui.accounts.requests import TeamRequest


@require_safe
def own(request: TeamRequest) -> HttpResponse:
    raise Http404


@require_http_methods(["GET", "HEAD", "POST"])
def own_add(request: TeamRequest) -> HttpResponse:
    raise Http404


@require_safe
def robots(request: TeamRequest) -> HttpResponse:
    raise Http404


@require_http_methods(["GET", "HEAD", "POST"])
def robot_add(request: TeamRequest) -> HttpResponse:
    raise Http404


@require_http_methods(["GET", "HEAD", "POST"])
def revoke(request: TeamRequest, pk: str) -> HttpResponse:
    raise Http404
