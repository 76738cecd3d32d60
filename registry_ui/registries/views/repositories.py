"""The repositories of a registry."""

import uuid
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from registry_ui.accounts.models import Role
from registry_ui.accounts.requests import TeamRequest

from ..browsing.filters import RepositoryFilter
from ..browsing.looks import Look
from ..browsing.querying import page_of_repositories
from ..models import Listing, Registry


@require_safe
def repositories(request: TeamRequest, pk: uuid.UUID) -> HttpResponse:
    registry = get_object_or_404(
        Registry.objects.visible_to(request.user).select_related("team"), pk=pk
    )
    context = repositories_context(request, registry)
    if request.htmx and not request.htmx.boosted:
        response = render(request, "registries/repositories.html#results", context)
        return with_clean_address(request, response, context["query"].urlencode())
    return render(request, "registries/repositories.html", context)


def repositories_context(request: TeamRequest, registry: Registry) -> dict[str, Any]:
    """
    Raises:
        BadRequest: an order or page that there is not.
    """
    wish = RepositoryFilter.read(request.GET)
    page, matches = page_of_repositories(
        registry, wish, after=request.GET.get("after", ""), before=request.GET.get("before", "")
    )
    look = Look.latest(registry)
    return {
        **rights_in(request, registry),
        "registry": registry,
        "facts": registry.facts,
        "address": reverse("registries:repositories", args=[registry.pk]),
        "look": look,
        "wish": wish,
        "query": wish.query,
        "page": page,
        "matches": matches,
        "has_no_list": registry.listing == Listing.NONE,
        "is_unknown": look.looked_at is None and not look.is_active and not page.rows,
    }


def rights_in(request: TeamRequest, registry: Registry) -> dict[str, bool]:
    """What the person may do there; the registry need not be of the team that is chosen."""
    role = request.role if registry.team == request.team else request.user.role_in(registry.team)
    return {
        "may_operate": role is not None and role.allows(Role.OPERATOR),
        "may_delete": role is not None and role.allows(Role.ADMIN),
    }


def with_clean_address(request: TeamRequest, response: HttpResponse, query: str) -> HttpResponse:
    """What a form of filters asked for goes into the address without its empty fields."""
    if (request.htmx.trigger or "").endswith("-filters"):
        response["HX-Replace-Url"] = f"{request.path}?{query}" if query else request.path
    return response
