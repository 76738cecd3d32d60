"""The storage pages of a registry and of a repository."""

import uuid

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from registry_ui.accounts.requests import TeamRequest
from registry_ui.registries.models import Registry

from ..models import Repository
from ..storage_analysis import storage_of_registry, storage_of_repository
from .repositories import rights_in


@require_safe
def registry(request: TeamRequest, pk: uuid.UUID) -> HttpResponse:
    row = get_object_or_404(Registry.objects.visible_to(request.user).select_related("team"), pk=pk)
    context = {
        **rights_in(request, row),
        "registry": row,
        "provider": row.get_provider(),
        "storage": storage_of_registry(row),
    }
    return render(request, "registries/storage.html", context)


@require_safe
def repository(request: TeamRequest, pk: uuid.UUID, name: str) -> HttpResponse:
    # With the registry's team: the rights below are those of the person in that team.
    rows = Repository.objects.visible_to(request.user).select_related("registry__team")
    row = get_object_or_404(rows, registry=pk, name=name)
    context = {
        **rights_in(request, row.registry),
        "registry": row.registry,
        "repository": row,
        "storage": storage_of_repository(row),
    }
    return render(request, "registries/repository_storage.html", context)
