"""The index of a registry: its progress, Refresh, and pinned repositories."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from registry_ui.accounts.access import require_operator
from registry_ui.accounts.requests import TeamRequest
from registry_ui.oci.errors import InvalidReference

from ..browsing.looks import Look
from ..browsing.querying import with_newest_tag
from ..indexing import services
from ..models import Registry, Repository
from .repositories import repositories_context, rights_in

STOP_POLLING = 286
ENDED = "index-ended"


@require_safe
def progress(request: TeamRequest, pk: uuid.UUID) -> HttpResponse:
    """What the pages poll while somebody looks at the registry. At the end the lists on the page load themselves anew."""
    registry = _visible(request, pk)
    repository = _named_repository(registry, request.GET.get("repository", ""))
    if not request.htmx or request.htmx.boosted:
        return _back(registry, repository)
    look = Look.latest(registry, repository)
    response = render(request, "registries/_index_status.html", _context(request, look))
    if not look.is_active:
        response.status_code = STOP_POLLING
        response["HX-Trigger-After-Swap"] = ENDED
    return response


@require_POST
def refresh(request: TeamRequest, pk: uuid.UUID) -> HttpResponse:
    registry = _visible(request, pk)
    require_operator(request.user, registry)
    name = request.POST.get("repository", "")
    repository = _named_repository(registry, name)
    if name and repository is None:
        return _gone(request, registry)
    services.start_index(
        registry=registry, user=request.user, repository=repository.name if repository else ""
    )
    return _status_or_back(request, registry, repository)


@require_POST
def cancel(request: TeamRequest, pk: uuid.UUID) -> HttpResponse:
    registry = _visible(request, pk)
    require_operator(request.user, registry)
    repository = _named_repository(registry, request.POST.get("repository", ""))
    run = services.latest_run(registry, repository.name if repository else "")
    if run is not None:
        services.cancel_index(run, request.user)
    return _status_or_back(request, registry, repository)


@require_POST
def pin(request: TeamRequest, pk: uuid.UUID) -> HttpResponse:
    registry = _visible(request, pk)
    require_operator(request.user, registry)
    name = request.POST.get("name", "").strip()
    try:
        repository = services.pin_repository(registry=registry, user=request.user, name=name)
    except InvalidReference as exc:
        wrong = {"pin_name": name[:255], "pin_error": f"{exc.message} {exc.advice}"}
        return render(
            request,
            "registries/repositories.html",
            {**repositories_context(request, registry), **wrong},
            status=422,
        )
    messages.success(
        request,
        _("%(name)s is pinned: it stays in the index, and is looked at now.")
        % {"name": repository.name},
    )
    return redirect("registries:repository", registry.pk, repository.name)


@require_POST
def unpin(request: TeamRequest, pk: uuid.UUID) -> HttpResponse:
    registry = _visible(request, pk)
    require_operator(request.user, registry)
    repository = _named_repository(registry, request.POST.get("repository", ""))
    if repository is None:
        return _gone(request, registry)
    services.unpin_repository(repository=repository, user=request.user)
    messages.success(request, _("%(name)s is pinned no more.") % {"name": repository.name})
    return _back(registry, Repository.objects.filter(pk=repository.pk).first())


def _visible(request: TeamRequest, pk: uuid.UUID) -> Registry:
    return get_object_or_404(
        Registry.objects.visible_to(request.user).select_related("team"), pk=pk
    )


def _named_repository(registry: Registry, name: str) -> Repository | None:
    """None where the whole registry is meant, or where there is no such repository."""
    return (
        with_newest_tag(Repository.objects.filter(registry=registry, name=name)).first()
        if name and "\0" not in name
        else None
    )


def _context(request: TeamRequest, look: Look) -> dict[str, Any]:
    stamp = request.GET.get("seen", "")
    return {
        **rights_in(request, look.registry),
        "registry": look.registry,
        "repository": look.repository,
        "look": look,
        "is_fragment": True,
        "has_news": stamp != look.stamp,
    }


def _status_or_back(
    request: TeamRequest, registry: Registry, repository: Repository | None
) -> HttpResponse:
    if request.htmx and not request.htmx.boosted:
        return render(
            request,
            "registries/_index_status.html",
            _context(request, Look.latest(registry, repository)),
        )
    return _back(registry, repository)


def _gone(request: TeamRequest, registry: Registry) -> HttpResponse:
    messages.error(request, _("That repository is not in the index any more."))
    leave = (
        HttpResponseClientRedirect
        if request.htmx and not request.htmx.boosted
        else HttpResponseRedirect
    )
    return leave(reverse("registries:repositories", args=[registry.pk]))


def _back(registry: Registry, repository: Repository | None) -> HttpResponseRedirect:
    if repository is None:
        return HttpResponseRedirect(reverse("registries:repositories", args=[registry.pk]))
    return HttpResponseRedirect(
        reverse("registries:repository", args=[registry.pk, repository.name])
    )
