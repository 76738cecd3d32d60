"""Two images side by side."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from registry_ui.accounts.requests import TeamRequest
from registry_ui.oci.errors import OciError

from ..forms import CompareForm
from ..indexing.services import LookedUp
from ..inspecting import comparing

_SIDES = ("left", "right")


@require_safe
def compare(request: TeamRequest) -> HttpResponse:
    """A link that brings only one of the names along is no form with a mistake: it asks for the other."""
    is_filled_in = all(side in request.GET for side in _SIDES)
    given = {side: request.GET.get(side, "") for side in _SIDES}
    form = CompareForm(
        given if is_filled_in else None, initial=given, user=request.user, team=request.team
    )
    found = form.found() if form.is_valid() else []
    if len(found) == len(_SIDES):
        return _compared(request, form, found)
    return render(request, "registries/compare.html", {"form": form, "others": form.others()})


def _compared(request: TeamRequest, form: CompareForm, found: list[LookedUp]) -> HttpResponse:
    try:
        comparison = comparing.compare(found[0], found[1], request.GET.get("platform", ""))
    except OciError as exc:
        form.add_error(None, f"{exc.message} {exc.advice}".strip())
        return render(request, "registries/compare.html", {"form": form})
    return render(request, "registries/compared.html", {"comparison": comparison})
