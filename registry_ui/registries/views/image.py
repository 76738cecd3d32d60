"""One image of a registry, by tag or digest."""

from typing import Any

from django.http import Http404, HttpResponse

from registry_ui.accounts.requests import TeamRequest


def by_tag(request: TeamRequest, **names: Any) -> HttpResponse:
    raise Http404


def by_digest(request: TeamRequest, **names: Any) -> HttpResponse:
    raise Http404


def document(request: TeamRequest, **names: Any) -> HttpResponse:
    raise Http404
