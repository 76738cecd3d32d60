"""What administrators of the installation do: teams and people."""

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_http_methods, require_safe

from ..access import needs_administrator
from ..requests import TeamRequest


@require_safe
@needs_administrator
def teams(request: TeamRequest) -> HttpResponse:
    raise Http404


@require_http_methods(["GET", "HEAD", "POST"])
@needs_administrator
def team_add(request: TeamRequest) -> HttpResponse:
    raise Http404


@require_http_methods(["GET", "HEAD", "POST"])
@needs_administrator
def team_edit(request: TeamRequest, pk: int) -> HttpResponse:
    raise Http404


@require_http_methods(["GET", "HEAD", "POST"])
@needs_administrator
def team_remove(request: TeamRequest, pk: int) -> HttpResponse:
    raise Http404


@require_safe
@needs_administrator
def people(request: TeamRequest) -> HttpResponse:
    raise Http404


@require_http_methods(["GET", "HEAD", "POST"])
@needs_administrator
def person(request: TeamRequest, pk: int) -> HttpResponse:
    raise Http404


@require_http_methods(["GET", "HEAD", "POST"])
@needs_administrator
def person_deactivate(request: TeamRequest, pk: int) -> HttpResponse:
    raise Http404
