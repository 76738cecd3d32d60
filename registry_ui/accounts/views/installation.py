"""What administrators of the installation do: teams and people."""

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_http_methods, require_safe

from registry_ui.accounts.requests import TeamRequest


@require_safe
def teams(request: TeamRequest) -> HttpResponse:
    raise Http404


@require_http_methods(["GET", "HEAD", "POST"])
def team_add(request: TeamRequest) -> HttpResponse:
    raise Http404


@require_http_methods(["GET", "HEAD", "POST"])
def team_edit(request: TeamRequest, pk: int) -> HttpResponse:
    raise Http404


@require_http_methods(["GET", "HEAD", "POST"])
def team_remove(request: TeamRequest, pk: int) -> HttpResponse:
    raise Http404


@require_safe
def people(request: TeamRequest) -> HttpResponse:
    raise Http404


@require_http_methods(["GET", "HEAD", "POST"])
def person(request: TeamRequest, pk: int) -> HttpResponse:
    raise Http404
