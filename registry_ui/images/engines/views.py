"""Pages about an engine's images: names, containers, and removal."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from registry_ui.accounts.audit.log import record
from registry_ui.accounts.models import Action, Role
from registry_ui.accounts.permissions import may_here, needs_role
from registry_ui.accounts.requests import TeamRequest
from registry_ui.environment import EngineSetting
from registry_ui.oci.errors import OciError

from .allowed_engines import engine_for, engines_of
from .client import Engine
from .engine_images import EngineImage, get_engine_image, list_engine_images
from .errors import EngineFailed, EngineImageUnknown, EngineUnknown

_PAGE_SIZE = 50


@require_safe
def images(request: TeamRequest, engine: str) -> HttpResponse:
    setting = get_engine_or_404(request, engine)
    query = request.GET.get("q", "").strip()
    problem: OciError | None = None
    all_images: list[EngineImage] = []

    try:
        with Engine(setting) as opened:
            all_images = list_engine_images(opened)
    except EngineFailed as exc:
        problem = exc

    matching = [image for image in all_images if image.matches(query.casefold().split())]
    context = {
        **_shared_context(request, setting),
        "page": Paginator(matching, _PAGE_SIZE).get_page(request.GET.get("page")),
        "is_empty": not all_images,
        "query": query,
        "problem": problem,
    }
    part = "#results" if request.htmx and not request.htmx.boosted else ""

    return render(request, f"images/engine.html{part}", context)


@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: TeamRequest, engine: str, image_id: str) -> HttpResponseBase:
    return _remove(request, setting=get_engine_or_404(request, engine), image_id=image_id)


@needs_role(Role.OPERATOR)
def _remove(request: TeamRequest, *, setting: EngineSetting, image_id: str) -> HttpResponse:
    context = {**_shared_context(request, setting), "image_id": image_id}
    status = 200

    try:
        with Engine(setting) as opened:
            image = get_engine_image(opened, image_id)
            context["image"] = image
            if request.method == "POST":
                _remove_name(request, opened, image, request.POST.get("name", ""))
                return redirect("images:engine", setting.name)
    except EngineFailed as exc:
        context["problem"] = exc

        # htmx and browsers show the page of a failed removal with its error.
        status = 422 if request.method == "POST" else 200

    return render(request, "images/engine_remove.html", context, status=status)


def _remove_name(request: TeamRequest, engine: Engine, image: EngineImage, name: str) -> None:
    """Remove one of the image's names, or the image where it has none.

    Raises:
        EngineFailed
    """
    # The page may be old, so the name is checked against the engine's current ones.
    references = {str(reference): reference for reference in image.names}
    if image.names and name not in references:
        raise EngineImageUnknown("image_name_gone")

    # The engine's own rule: removing the last name removes the image.
    engine.remove(name if image.names else image.image_id)
    shown = references[name].familiar if image.names else image.title
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


def get_engine_or_404(request: TeamRequest, name: str) -> EngineSetting:
    """Return an engine that the team may use.

    Raises:
        Http404
    """
    try:
        if request.team is not None:
            return engine_for(request.team, name)
    except EngineUnknown:
        # An engine of other teams is a 404, too: its name stays secret.
        pass
    raise Http404


def _shared_context(request: TeamRequest, setting: EngineSetting) -> dict[str, Any]:
    return {
        "engine": setting,
        "engines": engines_of(request.team),
        "can_operate": may_here(request, Role.OPERATOR),
    }
