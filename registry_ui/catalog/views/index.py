"""Views of a registry's index: progress, start, cancel, and repositories added by name."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from registry_ui.accounts.permissions import require_operator
from registry_ui.accounts.requests import TeamRequest
from registry_ui.oci.errors import InvalidReference
from registry_ui.registries.models import Registry
from registry_ui.web.errors import describe
from registry_ui.web.polling import STOP_POLLING

from ..indexing import index_services
from ..listings.index_status import IndexStatus
from ..listings.pages import with_newest_tag
from ..models import Repository
from .repositories import repositories_context, rights_in

INDEX_FINISHED = "index-finished"


@require_safe
def progress(request: TeamRequest, pk: uuid.UUID) -> HttpResponse:
    """Return the fragment that pages poll while a run is active.

    At its end an event makes the lists on the page reload.
    """
    registry = _visible(request, pk)
    repository = _named_repository(registry, request.GET.get("repository", ""))
    if not request.htmx or request.htmx.boosted:
        return _redirect_back(registry, repository)

    status = IndexStatus.latest(registry, repository)
    response = render(request, "registries/_index_status.html", _context(request, status))
    # htmx stops polling on 286. A queued run is active, so it goes on.
    if not status.is_active:
        response.status_code = STOP_POLLING
        response["HX-Trigger-After-Swap"] = INDEX_FINISHED
    return response


@require_POST
def start(request: TeamRequest, pk: uuid.UUID) -> HttpResponse:
    registry = _visible(request, pk)
    require_operator(request.user, registry)
    name = request.POST.get("repository", "")
    repository = _named_repository(registry, name)
    # Without this, a removed repository would start a run of the whole registry.
    if name and repository is None:
        return _repository_missing(request, registry)

    index_services.start_index(
        registry=registry, user=request.user, repository=repository.name if repository else ""
    )
    return _status_or_redirect(request, registry, repository)


@require_POST
def cancel(request: TeamRequest, pk: uuid.UUID) -> HttpResponse:
    registry = _visible(request, pk)
    require_operator(request.user, registry)
    repository = _named_repository(registry, request.POST.get("repository", ""))
    run = index_services.latest_run(registry, repository.name if repository else "")
    if run is not None:
        index_services.cancel_index(run, request.user)
    return _status_or_redirect(request, registry, repository)


@require_POST
def add_repository(request: TeamRequest, pk: uuid.UUID) -> HttpResponse:
    registry = _visible(request, pk)
    require_operator(request.user, registry)
    name = request.POST.get("name", "").strip()
    try:
        repository = index_services.add_repository(registry=registry, user=request.user, name=name)
    except InvalidReference as exc:
        error = {"add_name": name[:255], "add_error": str(describe(exc))}
        return render(
            request,
            "registries/repositories.html",
            {**repositories_context(request, registry), **error},
            status=422,
        )

    messages.success(
        request,
        _("%(name)s was added. Indexing it now.") % {"name": repository.name},
    )
    # A long list may not show the new row, so its own page is shown.
    return redirect("registries:repository", registry.pk, repository.name)


@require_POST
def remove_repository(request: TeamRequest, pk: uuid.UUID) -> HttpResponse:
    registry = _visible(request, pk)
    require_operator(request.user, registry)
    repository = _named_repository(registry, request.POST.get("repository", ""))
    if repository is None:
        return _repository_missing(request, registry)

    index_services.remove_repository(repository=repository, user=request.user)
    messages.success(request, _("%(name)s was removed.") % {"name": repository.name})
    # The row is gone unless something else keeps it.
    return _redirect_back(registry, Repository.objects.filter(pk=repository.pk).first())


def _visible(request: TeamRequest, pk: uuid.UUID) -> Registry:
    return get_object_or_404(
        Registry.objects.visible_to(request.user).select_related("team"), pk=pk
    )


def _named_repository(registry: Registry, name: str) -> Repository | None:
    """Return the repository; None for an empty or unknown name."""
    # PostgreSQL refuses a NUL in a query.
    if not name or "\0" in name:
        return None
    return with_newest_tag(Repository.objects.filter(registry=registry, name=name)).first()


def _context(request: TeamRequest, status: IndexStatus) -> dict[str, Any]:
    announced = request.GET.get("seen", "")
    return {
        **rights_in(request, status.registry),
        "registry": status.registry,
        "repository": status.repository,
        "index_status": status,
        "is_fragment": True,
        "has_new_label": announced != status.announcement_key,
    }


def _status_or_redirect(
    request: TeamRequest, registry: Registry, repository: Repository | None
) -> HttpResponse:
    if request.htmx and not request.htmx.boosted:
        return render(
            request,
            "registries/_index_status.html",
            _context(request, IndexStatus.latest(registry, repository)),
        )
    return _redirect_back(registry, repository)


def _repository_missing(request: TeamRequest, registry: Registry) -> HttpResponse:
    messages.error(request, _("That repository is not in the index any more."))
    url = reverse("registries:repositories", args=[registry.pk])
    # htmx would follow a plain redirect itself and put the whole page into the fragment.
    if request.htmx and not request.htmx.boosted:
        return HttpResponseClientRedirect(url)
    return HttpResponseRedirect(url)


def _redirect_back(registry: Registry, repository: Repository | None) -> HttpResponseRedirect:
    if repository is None:
        return HttpResponseRedirect(reverse("registries:repositories", args=[registry.pk]))
    return HttpResponseRedirect(
        reverse("registries:repository", args=[registry.pk, repository.name])
    )
