"""The repositories of a registry."""

from typing import Any

from django.http import Http404, HttpResponse

from registry_ui.accounts.requests import TeamRequest


def repositories(request: TeamRequest, **names: Any) -> HttpResponse:
    raise Http404
