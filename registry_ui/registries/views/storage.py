"""What a registry and its repositories take."""

from typing import Any

from django.http import Http404, HttpResponse

from registry_ui.accounts.requests import TeamRequest


def registry(request: TeamRequest, **names: Any) -> HttpResponse:
    raise Http404


def repository(request: TeamRequest, **names: Any) -> HttpResponse:
    raise Http404
