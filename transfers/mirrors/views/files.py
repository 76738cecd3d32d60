"""Rules from a file, looked through before they are made; and to a file."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from registry_ui.accounts.access import needs_role
from registry_ui.accounts.models import Role
from registry_ui.accounts.requests import TeamRequest

from ...models import Mirror
from ..files import create_entries, export_rules
from ..forms.file import FileForm


@require_http_methods(["GET", "HEAD", "POST"])
@needs_role(Role.ADMIN)
def import_rules(request: TeamRequest) -> HttpResponse:
    """First what the file has and what of it cannot be carried over; then, confirmed, the rules."""
    assert request.team is not None  # needs_role has refused everybody without one.
    is_post = request.method == "POST"
    form = FileForm(
        request.POST if is_post else None, request.FILES if is_post else None, team=request.team
    )
    if not form.is_valid():
        return render(
            request, "mirrors/import.html", {"form": form}, status=422 if is_post else 200
        )
    reading = form.reading
    if "confirmed" not in request.POST or (reading.needs_target and not form.has_target):
        return render(request, "mirrors/import.html", {"form": form, "reading": reading})
    made = create_entries(reading.entries, team=request.team, user=request.user)
    if not made:
        return render(
            request, "mirrors/import.html", {"form": form, "reading": reading}, status=422
        )
    counted = ngettext("%(count)d mirror was made.", "%(count)d mirrors were made.", len(made)) % {
        "count": len(made)
    }
    messages.success(request, counted + " " + _("Plan each before its first run."))
    return redirect("mirrors:list")


@require_safe
def export(request: TeamRequest) -> HttpResponse:
    rows = Mirror.objects.filter(team=request.team).select_related(
        "source_registry", "target_registry", "source_credential", "target_credential"
    )
    name = f"mirrors-{request.team.slug if request.team else 'none'}-{timezone.localdate():%Y-%m-%d}.yaml"
    return HttpResponse(
        export_rules(rows.order_by("name")),
        content_type="application/yaml; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
