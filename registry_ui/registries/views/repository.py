"""The tags of a repository."""

import uuid
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from registry_ui.accounts.requests import TeamRequest

from ..browsing.filters import TagFilter
from ..browsing.looks import Look
from ..browsing.querying import choices_of, page_of_tags, with_newest_tag
from ..models import Repository
from .repositories import rights_in, with_clean_address


@require_safe
def repository(request: TeamRequest, pk: uuid.UUID, name: str) -> HttpResponse:
    rows = with_newest_tag(
        Repository.objects.visible_to(request.user).select_related("registry__team")
    )
    found = get_object_or_404(rows, registry=pk, name=name)
    wish = TagFilter.read(request.GET)
    page, matches = page_of_tags(
        found, wish, after=request.GET.get("after", ""), before=request.GET.get("before", "")
    )
    context: dict[str, Any] = {
        **rights_in(request, found.registry),
        "registry": found.registry,
        "repository": found,
        "address": request.path,
        "wish": wish,
        "query": wish.query,
        "page": page,
        "matches": matches,
        "orders": _orders(),
        "look": Look.latest(found.registry, found),
    }
    if request.htmx and not request.htmx.boosted:
        # After a look at the repository the filters may have more to offer.
        renewed = (
            {"is_renewed": True, "choices": choices_of(found, wish)}
            if request.htmx.trigger == "results"
            else {}
        )
        response = render(
            request,
            "registries/repository.html#results",
            {**context, **renewed, "is_fragment": True},
        )
        return with_clean_address(request, response, context["query"].urlencode())
    return render(
        request,
        "registries/repository.html",
        {**context, "choices": choices_of(found, wish), "columns": _columns()},
    )


def _columns() -> list[tuple[str, str]]:
    """What can be hidden of a row, with its name."""
    return [
        ("aliases", _("Other names of the digest")),
        ("digest", _("Digest")),
        ("platforms", _("Platforms")),
        ("size", _("Size")),
        ("built", _("Built")),
        ("changed", _("Last change")),
    ]


def _orders() -> list[tuple[str, str]]:
    """For narrow screens, where the table has no head."""
    return [
        ("-version", _("Newest version first")),
        ("version", _("Oldest version first")),
        ("-date", _("Built last first")),
        ("date", _("Built first first")),
        ("-size", _("Largest first")),
        ("size", _("Smallest first")),
        ("name", _("By name")),
        ("-name", _("By name, from the end")),
    ]
