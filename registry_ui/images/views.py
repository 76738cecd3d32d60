from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from registry_ui.accounts.models import Role
from registry_ui.accounts.permissions import allows, may_here, require_operator, role_on
from registry_ui.accounts.requests import TeamRequest
from registry_ui.oci.errors import OciError
from registry_ui.web.errors import describe

from .engines.allowed_engines import engines_of
from .image_list import list_images, storage_totals
from .inspection import copy_boxes, inspect_image, served_references, suggested_name
from .models import LocalImage
from .newer_images import find_newer
from .services import NameRemoval, plan_removal, remove_name

_PAGE_SIZE = 50


@require_safe
def images(request: TeamRequest) -> HttpResponse:
    team = request.team
    all_images = list_images(team) if team else []
    query = request.GET.get("q", "").strip()
    terms = query.casefold().split()
    only_newer = bool(request.GET.get("newer"))
    matching = [
        image for image in all_images if image.matches(terms) and (image.newer or not only_newer)
    ]
    context = {
        "page": Paginator(matching, _PAGE_SIZE).get_page(request.GET.get("page")),
        "query": query,
        "only_newer": only_newer,
        "newer_count": sum(bool(image.newer) for image in all_images),
        "totals": storage_totals(team, all_images) if team and all_images else None,
        "can_operate": may_here(request, Role.OPERATOR),
        "engines": engines_of(team),
    }

    # htmx replaces only the results while the person types.
    part = "#results" if request.htmx and not request.htmx.boosted else ""

    return render(request, f"images/list.html{part}", context)


@require_safe
def image(request: TeamRequest, pk: UUID) -> HttpResponse:
    row = get_object_or_404(
        LocalImage.objects.visible_to(request.user).select_related("team", "created_by"), pk=pk
    )
    names = LocalImage.objects.filter(team=row.team, image_id=row.image_id).order_by(
        "registry", "repository", "tag"
    )
    context = {
        "image": row,
        "names": names,
        "inspected": inspect_image(row, request.GET.get("platform", "")),
        "copy_boxes": copy_boxes(row),
        "served_as": served_references(row, names),
        "name_to_serve": suggested_name(row),
        "newer": find_newer([row], LocalImage.objects.filter(pk=row.pk)).get(row.pk),
        "can_operate": allows(role_on(request, row), Role.OPERATOR),
        # Engines belong to the current team, which may not be the image's.
        "engines": engines_of(row.team) if row.team == request.team else [],
    }

    return render(request, "images/detail.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: TeamRequest, pk: UUID) -> HttpResponse:
    row = get_object_or_404(
        LocalImage.objects.visible_to(request.user).select_related("team"), pk=pk
    )
    require_operator(request.user, row)
    if request.method != "POST":
        return render(request, "images/remove.html", {"image": row, "removal": plan_removal(row)})

    try:
        # A rule may have made the tag immutable since the page was shown.
        removal = remove_name(image=row, user=request.user)
    except OciError as exc:
        messages.error(request, str(describe(exc)))
        return redirect("images:detail", row.pk)

    messages.success(request, _removal_sentence(removal))
    return redirect(
        reverse("images:detail", args=[removal.remaining[0].pk])
        if removal.remaining
        else "images:list"
    )


def _removal_sentence(removal: NameRemoval) -> str:
    name = removal.image.reference.familiar
    count = len(removal.remaining)
    if not count:
        return _("%(name)s was removed; it was the image's last name.") % {"name": name}
    sentence = ngettext(
        "%(name)s was removed; the image keeps %(count)d other name.",
        "%(name)s was removed; the image keeps %(count)d other names.",
        count,
    )
    return sentence % {"name": name, "count": count}
