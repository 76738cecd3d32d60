"""The trail, as people read it."""

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_safe

from registry_ui.accounts.requests import TeamRequest


@require_safe
def activity(request: TeamRequest) -> HttpResponse:
    raise Http404


@require_safe
def export(request: TeamRequest) -> HttpResponse:
    raise Http404
