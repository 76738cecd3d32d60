"""The page of a repository's tags."""

import uuid
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from registry_ui.accounts.requests import TeamRequest

from ..listings.filters import TagFilter
from ..listings.index_status import IndexStatus
from ..listings.pages import page_of_tags, tag_choices, with_newest_tag
from ..listings.tables import TAG_TABLE
from ..models import Repository
from .repositories import rights_in, with_clean_address


@require_safe
def repository(request: TeamRequest, pk: uuid.UUID, name: str) -> HttpResponse:
    # The head of the page shows the command that pulls the newest tag.
    rows = with_newest_tag(
        Repository.objects.visible_to(request.user).select_related("registry__team")
    )
    row = get_object_or_404(rows, registry=pk, name=name)
    list_filter = TagFilter.read(request.GET)
    # Keyset pages: their cost does not grow with the number of tags.
    page, matches = page_of_tags(
        row, list_filter, after=request.GET.get("after", ""), before=request.GET.get("before", "")
    )

    context: dict[str, Any] = {
        **rights_in(request, row.registry),
        "registry": row.registry,
        "repository": row,
        "address": request.path,
        "list_filter": list_filter,
        "query": list_filter.query,
        "page": page,
        "matches": matches,
        "orders": TAG_TABLE.orders,
        "index_status": IndexStatus.latest(row.registry, row),
    }
    if request.htmx and not request.htmx.boosted:
        context["is_fragment"] = True
        # The list reloads itself after an index run, which may have found new variants.
        if request.htmx.trigger == "results":
            context |= {"is_renewed": True, "choices": tag_choices(row, list_filter)}
        response = render(request, "registries/repository.html#results", context)
        return with_clean_address(request, response, context["query"].urlencode())

    context |= {"choices": tag_choices(row, list_filter), "columns": TAG_TABLE.hideable}
    return render(request, "registries/repository.html", context)
