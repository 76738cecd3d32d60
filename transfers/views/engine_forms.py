"""The forms of transfers at an engine. An engine that the team may not use gets a 404."""

from collections.abc import Callable
from functools import partial

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from registry_ui.accounts.models import Role
from registry_ui.accounts.permissions import needs_role
from registry_ui.accounts.requests import TeamRequest
from registry_ui.environment import EngineSetting
from registry_ui.images.engines.client import Engine
from registry_ui.images.engines.engine_images import EngineImage, list_engine_images
from registry_ui.images.engines.errors import EngineFailed
from registry_ui.images.engines.views import get_engine_or_404

from .. import services
from ..forms import EnginePullForm, EnginePushForm, EngineTagForm, LoadForm, SaveForm
from ..forms.engine import EngineForm
from ..models import Transfer
from .start_forms import initial_values, start_transfer

_form_methods = require_http_methods(["GET", "HEAD", "POST"])


@_form_methods
def engine_pull(request: TeamRequest, engine: str) -> HttpResponseBase:
    return _engine_form(
        request, engine, EnginePullForm, "transfers/engine_pull.html", services.start_engine_pull
    )


@_form_methods
def engine_push(request: TeamRequest, engine: str) -> HttpResponseBase:
    return _engine_form(
        request, engine, EnginePushForm, "transfers/engine_push.html", services.start_engine_push
    )


@_form_methods
def engine_tag(request: TeamRequest, engine: str) -> HttpResponseBase:
    return _engine_form(
        request, engine, EngineTagForm, "transfers/engine_tag.html", services.start_engine_tag
    )


@_form_methods
def engine_load(request: TeamRequest, engine: str) -> HttpResponseBase:
    return _engine_form(
        request, engine, LoadForm, "transfers/engine_load.html", services.start_load
    )


@_form_methods
def engine_save(request: TeamRequest, engine: str) -> HttpResponseBase:
    return _engine_form(
        request, engine, SaveForm, "transfers/engine_save.html", services.start_save
    )


def _engine_form(
    request: TeamRequest,
    name: str,
    form_class: type[EngineForm],
    template: str,
    start: Callable[..., Transfer],
) -> HttpResponseBase:
    # Before the role: an outsider gets a 404 and no hint that the engine exists.
    engine = get_engine_or_404(request, name)
    return _operator_form(
        request, engine=engine, form_class=form_class, template=template, start=start
    )


@needs_role(Role.OPERATOR)
def _operator_form(
    request: TeamRequest,
    *,
    engine: EngineSetting,
    form_class: type[EngineForm],
    template: str,
    start: Callable[..., Transfer],
) -> HttpResponse:
    data = request.POST if request.method == "POST" else None
    # A submitted form needs no suggestions, unless it is shown again with an error.
    images = _list_images(engine) if data is None else []
    form = form_class(
        data,
        team=request.team,
        engine=engine,
        images=images,
        initial=initial_values(request, form_class),
    )
    if form.is_valid():
        transfer = start_transfer(request, form, partial(start, engine=engine.name))
        if transfer is not None:
            return redirect("transfers:detail", transfer.pk)

    context = {"form": form, "engine": engine}
    return render(request, template, context, status=422 if form.is_bound else 200)


def _list_images(engine: EngineSetting) -> list[EngineImage]:
    """Return the images whose names the form suggests."""
    try:
        with Engine(engine) as client:
            return list_engine_images(client)
    except EngineFailed:
        # The form works without suggestions, and the transfer will report the error.
        return []
