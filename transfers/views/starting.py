"""The forms that start a transfer: each ends on the page of the transfer that it made."""

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from registry_ui.accounts.access import needs_role
from registry_ui.accounts.models import Role, Team
from registry_ui.accounts.requests import TeamRequest
from registry_ui.oci.errors import OciError

from .. import services
from ..forms import (
    EnginePullForm,
    EnginePushForm,
    PublishForm,
    PullForm,
    PushForm,
    RetagForm,
    StartForm,
    TagForm,
)
from ..models import Transfer

_form_methods = require_http_methods(["GET", "HEAD", "POST"])
_WITH_LOGIN: dict[str, type[StartForm]] = {
    "pull": PullForm,
    "push": PushForm,
    "publish": PublishForm,
    "retag": RetagForm,
    "engine-pull": EnginePullForm,
    "engine-push": EnginePushForm,
}


@_form_methods
@needs_role(Role.OPERATOR)
def pull(request: TeamRequest) -> HttpResponse:
    return _answer(request, PullForm, "transfers/pull.html", services.start_pull)


@_form_methods
@needs_role(Role.OPERATOR)
def push(request: TeamRequest) -> HttpResponse:
    return _answer(request, PushForm, "transfers/push.html", services.start_push)


@_form_methods
@needs_role(Role.OPERATOR)
def publish(request: TeamRequest) -> HttpResponse:
    return _answer(request, PublishForm, "transfers/publish.html", services.start_publish)


@_form_methods
@needs_role(Role.OPERATOR)
def tag(request: TeamRequest) -> HttpResponse:
    return _answer(request, TagForm, "transfers/tag.html", services.start_tag)


@_form_methods
@needs_role(Role.OPERATOR)
def retag(request: TeamRequest) -> HttpResponse:
    return _answer(request, RetagForm, "transfers/retag.html", services.start_retag)


@require_safe
@needs_role(Role.OPERATOR)
def login(request: TeamRequest, kind: str) -> HttpResponse:
    """The part of a form that says which credential will serve what has been typed so far."""
    if kind not in _WITH_LOGIN:
        raise Http404
    form = _WITH_LOGIN[kind](team=_team(request), initial=request.GET.dict())
    template = "transfers/_destination.html" if kind == "publish" else "transfers/_login.html"
    return render(request, template, {"form": form, "kind": kind})


def _answer(
    request: TeamRequest,
    form_class: type[StartForm],
    template: str,
    start: Callable[..., Transfer],
    **context: Any,
) -> HttpResponse:
    data = request.POST if request.method == "POST" else None
    form = form_class(data, team=_team(request), initial=prefilled(request, form_class))
    if form.is_valid():
        transfer = started(request, form, start)
        if transfer is not None:
            return redirect("transfers:detail", transfer.pk)
    return render(
        request, template, {"form": form, **context}, status=422 if form.is_bound else 200
    )


def started(
    request: TeamRequest, form: StartForm, start: Callable[..., Transfer]
) -> Transfer | None:
    """The transfer, or None with the reason in the form."""
    try:
        return start(team=_team(request), user=request.user, **form.arguments())
    except OciError as exc:
        form.add_failure(exc)
    return None


def _team(request: TeamRequest) -> Team:
    assert request.team is not None  # needs_role has refused everybody without one.
    return request.team


def prefilled(request: TeamRequest, form_class: type[StartForm]) -> dict[str, str]:
    """What a link brings along; a name is a `reference` to some forms and a `source` to others."""
    wanted = {**form_class.base_fields, "target": None}
    values = {name: str(text) for name, text in request.GET.items() if name in wanted}
    name = request.GET.get("source") or request.GET.get("reference")
    return {**values, form_class.name_field: name} if name else values
