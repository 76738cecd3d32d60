"""A credential in full: its use, its shares, and a new secret. A team's list of all that it may use."""

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_http_methods, require_safe

from registry_ui.accounts.requests import TeamRequest


@require_safe
def team_credentials(request: TeamRequest) -> HttpResponse:
    raise Http404


@require_safe
def credential(request: TeamRequest, pk: str) -> HttpResponse:
    raise Http404


@require_http_methods(["GET", "HEAD", "POST"])
def rotate(request: TeamRequest, pk: str) -> HttpResponse:
    raise Http404


@require_http_methods(["GET", "HEAD", "POST"])
def grant_add(request: TeamRequest, pk: str) -> HttpResponse:
    raise Http404


@require_http_methods(["GET", "HEAD", "POST"])
def grant_edit(request: TeamRequest, pk: str) -> HttpResponse:
    raise Http404


@require_http_methods(["GET", "HEAD", "POST"])
def grant_revoke(request: TeamRequest, pk: str) -> HttpResponse:
    raise Http404
