"""What a program asks with its API token."""

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_safe

from registry_ui.accounts.requests import TeamRequest


@require_safe
def me(request: TeamRequest) -> HttpResponse:
    raise Http404
