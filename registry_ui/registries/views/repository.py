"""The tags of a repository."""

from typing import Any

from django.http import Http404, HttpResponse

from registry_ui.accounts.requests import TeamRequest


def repository(request: TeamRequest, **names: Any) -> HttpResponse:
    raise Http404
