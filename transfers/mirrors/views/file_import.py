"""Import of mirrors with a preview, and export."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from registry_ui.accounts.models import Role
from registry_ui.accounts.permissions import needs_role
from registry_ui.accounts.requests import TeamRequest

from ..files import create_entries, export_mirrors
from ..forms.file import FileForm
from ..models import Mirror


@require_http_methods(["GET", "HEAD", "POST"])
@needs_role(Role.ADMIN)
def import_mirrors(request: TeamRequest) -> HttpResponse:
    """Show the entries of a file; create them once they are confirmed."""
    assert request.team is not None  # needs_role has refused everybody without one.
    is_post = request.method == "POST"
    form = FileForm(
        request.POST if is_post else None, request.FILES if is_post else None, team=request.team
    )

    if not form.is_valid():
        return render(
            request, "mirrors/import.html", {"form": form}, status=422 if is_post else 200
        )

    parsed_file = form.parsed_file

    # The first POST shows what the import drops; the second one creates.
    if "confirmed" not in request.POST or (parsed_file.needs_target and not form.has_target):
        return render(request, "mirrors/import.html", {"form": form, "parsed_file": parsed_file})

    created = create_entries(parsed_file.entries, team=request.team, user=request.user)
    if not created:
        return render(
            request, "mirrors/import.html", {"form": form, "parsed_file": parsed_file}, status=422
        )

    counted = ngettext(
        "%(count)d mirror was made.", "%(count)d mirrors were made.", len(created)
    ) % {"count": len(created)}
    messages.success(request, counted + " " + _("Plan each before its first run."))

    return redirect("mirrors:list")


@require_safe
def export(request: TeamRequest) -> HttpResponse:
    rows = Mirror.objects.filter(team=request.team).select_related(
        "source_registry", "target_registry", "source_credential", "target_credential"
    )
    team_name = request.team.slug if request.team else "none"
    name = f"mirrors-{team_name}-{timezone.localdate():%Y-%m-%d}.yaml"
    return HttpResponse(
        export_mirrors(rows.order_by("name")),
        content_type="application/yaml; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
