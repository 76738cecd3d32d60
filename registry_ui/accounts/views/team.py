"""The current team: its members, its name, and who was invited."""

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from registry_ui.accounts.requests import TeamRequest


@require_safe
def members(request: TeamRequest) -> HttpResponse:
    raise Http404


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: TeamRequest) -> HttpResponse:
    raise Http404


@require_http_methods(["GET", "HEAD", "POST"])
def member_role(request: TeamRequest, pk: int) -> HttpResponse:
    raise Http404


@require_http_methods(["GET", "HEAD", "POST"])
def member_remove(request: TeamRequest, pk: int) -> HttpResponse:
    raise Http404


@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: TeamRequest) -> HttpResponse:
    raise Http404


@require_POST
def invitation_revoke(request: TeamRequest, pk: str) -> HttpResponse:
    raise Http404
