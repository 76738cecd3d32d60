"""How a person signs in, and where they are signed in."""

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_POST, require_safe

from registry_ui.accounts.requests import TeamRequest


@require_safe
def security(request: TeamRequest) -> HttpResponse:
    raise Http404


@require_POST
def session_end(request: TeamRequest, pk: int) -> HttpResponse:
    raise Http404


@require_POST
def sessions_end(request: TeamRequest) -> HttpResponse:
    raise Http404
