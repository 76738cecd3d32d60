"""The index of a registry: its progress, Refresh, and pinned repositories."""

from typing import Any

from django.http import Http404, HttpResponse

from registry_ui.accounts.requests import TeamRequest


def progress(request: TeamRequest, **names: Any) -> HttpResponse:
    raise Http404


def refresh(request: TeamRequest, **names: Any) -> HttpResponse:
    raise Http404


def cancel(request: TeamRequest, **names: Any) -> HttpResponse:
    raise Http404


def pin(request: TeamRequest, **names: Any) -> HttpResponse:
    raise Http404


def unpin(request: TeamRequest, **names: Any) -> HttpResponse:
    raise Http404
