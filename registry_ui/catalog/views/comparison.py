"""The page that compares two images."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from registry_ui.accounts.requests import TeamRequest
from registry_ui.oci.errors import OciError
from registry_ui.web.errors import describe

from ..artifact_pages.comparison import compare as compare_artifacts
from ..forms import CompareForm
from ..indexing.index_services import ResolvedArtifact

_SIDES = ("left", "right")


@require_safe
def compare(request: TeamRequest) -> HttpResponse:
    # A link with one name only is no invalid form: the page asks for the other name.
    is_submitted = all(side in request.GET for side in _SIDES)
    values = {side: request.GET.get(side, "") for side in _SIDES}
    form = CompareForm(
        values if is_submitted else None, initial=values, user=request.user, team=request.team
    )
    artifacts = form.resolve() if form.is_valid() else []
    if len(artifacts) == len(_SIDES):
        return _comparison_page(request, form, artifacts)
    return render(request, "registries/compare.html", {"form": form, "others": form.others()})


def _comparison_page(
    request: TeamRequest, form: CompareForm, artifacts: list[ResolvedArtifact]
) -> HttpResponse:
    left, right = artifacts
    try:
        comparison = compare_artifacts(left, right, request.GET.get("platform", ""))
    except OciError as exc:
        # The documents may be missing at the registry although the tags are in the index.
        form.add_error(None, str(describe(exc)))
        return render(request, "registries/compare.html", {"form": form})
    return render(request, "registries/comparison.html", {"comparison": comparison})
