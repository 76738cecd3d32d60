"""The forms that start a transfer; each redirects to the page of the new transfer."""

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from registry_ui.accounts.models import Role, Team
from registry_ui.accounts.permissions import needs_role
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
_LOGIN_FORMS: dict[str, type[StartForm]] = {
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
    return _form_response(request, PullForm, "transfers/pull.html", services.start_pull)


@_form_methods
@needs_role(Role.OPERATOR)
def push(request: TeamRequest) -> HttpResponse:
    return _form_response(request, PushForm, "transfers/push.html", services.start_push)


@_form_methods
@needs_role(Role.OPERATOR)
def publish(request: TeamRequest) -> HttpResponse:
    return _form_response(request, PublishForm, "transfers/publish.html", services.start_publish)


@_form_methods
@needs_role(Role.OPERATOR)
def tag(request: TeamRequest) -> HttpResponse:
    return _form_response(request, TagForm, "transfers/tag.html", services.start_tag)


@_form_methods
@needs_role(Role.OPERATOR)
def retag(request: TeamRequest) -> HttpResponse:
    return _form_response(request, RetagForm, "transfers/retag.html", services.start_retag)


@require_safe
@needs_role(Role.OPERATOR)
def login(request: TeamRequest, kind: str) -> HttpResponse:
    """Show the part of a form that names the credential for the typed reference."""
    if kind not in _LOGIN_FORMS:
        raise Http404
    # An unbound form: what is typed so far may be incomplete and must show no errors.
    form = _LOGIN_FORMS[kind](team=_team(request), initial=request.GET.dict())
    template = "transfers/_destination.html" if kind == "publish" else "transfers/_login.html"
    return render(request, template, {"form": form, "kind": kind})


def _form_response(
    request: TeamRequest,
    form_class: type[StartForm],
    template: str,
    start: Callable[..., Transfer],
    **context: Any,
) -> HttpResponse:
    data = request.POST if request.method == "POST" else None
    form = form_class(data, team=_team(request), initial=initial_values(request, form_class))
    if form.is_valid():
        transfer = start_transfer(request, form, start)
        if transfer is not None:
            return redirect("transfers:detail", transfer.pk)

    status = 422 if form.is_bound else 200
    return render(request, template, {"form": form, **context}, status=status)


def start_transfer(
    request: TeamRequest, form: StartForm, start: Callable[..., Transfer]
) -> Transfer | None:
    """Return the transfer; on an error, add it to the form and return None."""
    try:
        return start(team=_team(request), user=request.user, **form.arguments())
    except OciError as exc:
        form.add_failure(exc)
    return None


def _team(request: TeamRequest) -> Team:
    # `needs_role` has refused a user without a team.
    assert request.team is not None
    return request.team


def initial_values(request: TeamRequest, form_class: type[StartForm]) -> dict[str, str]:
    """Return the form's initial values from a link."""
    # The publish form has fields for the parts of a target, and reads `target` itself.
    accepted = {**form_class.base_fields, "target": None}
    values = {name: str(text) for name, text in request.GET.items() if name in accepted}

    # A link need not know which of the two names the form's field has.
    reference = request.GET.get("source") or request.GET.get("reference")
    return {**values, form_class.name_field: reference} if reference else values
