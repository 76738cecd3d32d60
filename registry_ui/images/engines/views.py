"""An engine's images: what it has under which names, what needs them, and taking a name away."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from registry_ui.accounts.access import needs_role
from registry_ui.accounts.models import Action, Role
from registry_ui.accounts.requests import TeamRequest
from registry_ui.accounts.trail import record
from registry_ui.environment import EngineSetting
from registry_ui.oci.errors import OciError

from .allowed import engine_for, engines_of
from .calls import Engine
from .errors import EngineFailed, EngineImageUnknown, EngineUnknown
from .listing import EngineImage, image_of_engine, images_of_engine

_PAGE_SIZE = 50


@require_safe
def images(request: TeamRequest, engine: str) -> HttpResponse:
    setting = allowed(request, engine)
    query = request.GET.get("q", "").strip()
    problem: OciError | None = None
    everything: list[EngineImage] = []
    try:
        with Engine(setting) as opened:
            everything = images_of_engine(opened)
    except EngineFailed as exc:
        problem = exc
    found = [image for image in everything if image.matches(query.casefold().split())]
    context = {
        **_shared(request, setting),
        "page": Paginator(found, _PAGE_SIZE).get_page(request.GET.get("page")),
        "is_empty": not everything,
        "query": query,
        "problem": problem,
    }
    part = "#results" if request.htmx and not request.htmx.boosted else ""
    return render(request, f"images/engine.html{part}", context)


@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: TeamRequest, engine: str, image_id: str) -> HttpResponseBase:
    return _remove(request, setting=allowed(request, engine), image_id=image_id)


@needs_role(Role.OPERATOR)
def _remove(request: TeamRequest, *, setting: EngineSetting, image_id: str) -> HttpResponse:
    context = {**_shared(request, setting), "image_id": image_id}
    status = 200
    try:
        with Engine(setting) as opened:
            image = image_of_engine(opened, image_id)
            context["image"] = image
            if request.method == "POST":
                _take_away(request, opened, image, request.POST.get("name", ""))
                return redirect("images:engine", setting.name)
    except EngineFailed as exc:
        context["problem"] = exc
        status = 422 if request.method == "POST" else 200
    return render(request, "images/engine_remove.html", context, status=status)


def _take_away(request: TeamRequest, engine: Engine, image: EngineImage, name: str) -> None:
    """One of its names, or the image where it has none.

    Raises:
        EngineFailed
    """
    wanted = {str(each): each for each in image.names}
    if image.names and name not in wanted:
        raise EngineImageUnknown(
            _("The image has no such name any more."),
            advice=_("Look at its names, then choose again."),
        )
    engine.remove(name if image.names else image.image_id)
    shown = wanted[name].familiar if image.names else image.title
    record(
        Action.IMAGE_REMOVED,
        team=request.team,
        name=shown,
        engine=engine.name,
        image_id=image.image_id,
    )
    messages.success(
        request,
        _("%(name)s was removed from the engine %(engine)s.")
        % {"name": shown, "engine": engine.name},
    )


def allowed(request: TeamRequest, name: str) -> EngineSetting:
    """
    Raises:
        Http404: there is no such engine for the team.
    """
    try:
        if request.team is not None:
            return engine_for(request.team, name)
    except EngineUnknown:
        pass
    raise Http404


def _shared(request: TeamRequest, setting: EngineSetting) -> dict[str, Any]:
    return {
        "engine": setting,
        "engines": engines_of(request.team),
        "can_operate": request.role is not None and request.role.allows(Role.OPERATOR),
    }
