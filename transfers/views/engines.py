"""The forms of what an engine is asked to do. An engine that the team may not use is not there."""

from collections.abc import Callable
from functools import partial

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from registry_ui.accounts.access import needs_role
from registry_ui.accounts.models import Role
from registry_ui.accounts.requests import TeamRequest
from registry_ui.environment import EngineSetting
from registry_ui.images.engines.calls import Engine
from registry_ui.images.engines.errors import EngineFailed
from registry_ui.images.engines.listing import EngineImage, images_of_engine
from registry_ui.images.engines.views import allowed

from .. import services
from ..forms import EnginePullForm, EnginePushForm, EngineTagForm, LoadForm, SaveForm
from ..forms.engines import EngineForm
from ..models import Transfer
from .starting import prefilled, started

_form_methods = require_http_methods(["GET", "HEAD", "POST"])


@_form_methods
def engine_pull(request: TeamRequest, engine: str) -> HttpResponseBase:
    return _answer(
        request, engine, EnginePullForm, "transfers/engine_pull.html", services.start_engine_pull
    )


@_form_methods
def engine_push(request: TeamRequest, engine: str) -> HttpResponseBase:
    return _answer(
        request, engine, EnginePushForm, "transfers/engine_push.html", services.start_engine_push
    )


@_form_methods
def engine_tag(request: TeamRequest, engine: str) -> HttpResponseBase:
    return _answer(
        request, engine, EngineTagForm, "transfers/engine_tag.html", services.start_engine_tag
    )


@_form_methods
def engine_load(request: TeamRequest, engine: str) -> HttpResponseBase:
    return _answer(request, engine, LoadForm, "transfers/engine_load.html", services.start_load)


@_form_methods
def engine_save(request: TeamRequest, engine: str) -> HttpResponseBase:
    return _answer(request, engine, SaveForm, "transfers/engine_save.html", services.start_save)


def _answer(
    request: TeamRequest,
    name: str,
    form_class: type[EngineForm],
    template: str,
    start: Callable[..., Transfer],
) -> HttpResponseBase:
    engine = allowed(request, name)
    return _form(request, engine=engine, form_class=form_class, template=template, start=start)


@needs_role(Role.OPERATOR)
def _form(
    request: TeamRequest,
    *,
    engine: EngineSetting,
    form_class: type[EngineForm],
    template: str,
    start: Callable[..., Transfer],
) -> HttpResponse:
    data = request.POST if request.method == "POST" else None
    images = _images(engine) if data is None else []
    form = form_class(
        data,
        team=request.team,
        engine=engine,
        images=images,
        initial=prefilled(request, form_class),
    )
    if form.is_valid():
        transfer = started(request, form, partial(start, engine=engine.name))
        if transfer is not None:
            return redirect("transfers:detail", transfer.pk)
    return render(
        request, template, {"form": form, "engine": engine}, status=422 if form.is_bound else 200
    )


def _images(engine: EngineSetting) -> list[EngineImage]:
    """For the names that the form offers; none where the engine does not answer: the transfer will say so."""
    try:
        with Engine(engine) as opened:
            return images_of_engine(opened)
    except EngineFailed:
        return []
