"""The page of a registry's repositories."""

import uuid
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from registry_ui.accounts.models import Role
from registry_ui.accounts.permissions import allows, role_on
from registry_ui.accounts.requests import TeamRequest
from registry_ui.registries.models import Listing, Registry

from ..listings.filters import RepositoryFilter
from ..listings.index_status import IndexStatus
from ..listings.pages import page_of_repositories


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
    """Return the page's context.

    Raises:
        BadRequest: the order or the page is unknown.
    """
    list_filter = RepositoryFilter.read(request.GET)
    page, matches = page_of_repositories(
        registry,
        list_filter,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    # The head of the page shows the last run and refreshes itself.
    status = IndexStatus.latest(registry)
    return {
        **rights_in(request, registry),
        "registry": registry,
        "provider": registry.get_provider(),
        "address": reverse("registries:repositories", args=[registry.pk]),
        "index_status": status,
        "list_filter": list_filter,
        "query": list_filter.query,
        "page": page,
        "matches": matches,
        "has_no_list": registry.listing == Listing.NONE,
        # The list is empty because no run has finished, not because the registry is empty.
        "is_unknown": status.indexed_at is None and not status.is_active and not page.rows,
    }


def rights_in(request: TeamRequest, registry: Registry) -> dict[str, bool]:
    """Return the person's rights in the registry's team, which need not be the current one."""
    role = role_on(request, registry)
    return {
        "may_operate": allows(role, Role.OPERATOR),
        "may_delete": allows(role, Role.ADMIN),
    }


def with_clean_address(request: TeamRequest, response: HttpResponse, query: str) -> HttpResponse:
    """Replace the browser's URL after a filter form, without the empty fields."""
    # Only for the filter form. Links of the list already have a clean address.
    if (request.htmx.trigger or "").endswith("-filters"):
        response["HX-Replace-Url"] = f"{request.path}?{query}" if query else request.path
    return response
