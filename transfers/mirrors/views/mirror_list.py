"""The list of the current team's mirrors."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from registry_ui.accounts.models import Role
from registry_ui.accounts.permissions import may_here, needs_role
from registry_ui.accounts.requests import TeamRequest
from registry_ui.notifications.models import NotificationChannel
from registry_ui.web.polling import STOP_POLLING, is_fragment

from ..models import Mirror, MirrorPause
from ..presenter import mirror_statuses
from ..run_queue import MIRROR_RUNS
from ..services import due_mirrors


@require_safe
def mirrors(request: TeamRequest) -> HttpResponse:
    rows = Mirror.objects.filter(team=request.team).select_related(
        "team", "source_registry", "target_registry", "last_run"
    )
    pause = MirrorPause.objects.filter(team=request.team).first() if request.team else None
    statuses = mirror_statuses(rows.order_by("name"), is_all_paused=pause is not None)

    # The page polls only while a run is active.
    is_live = any(status.active for status in statuses)
    context = {
        "mirrors": statuses,
        "pause": pause,
        "is_live": is_live,
        "may_operate": may_here(request, Role.OPERATOR),
        "may_edit": may_here(request, Role.ADMIN),
        "failing_channels": NotificationChannel.objects.filter(
            team=request.team, failed_at__isnull=False
        ),
        "trouble": MIRROR_RUNS.problem()
        if any(status.active and status.active.run.state == "queued" for status in statuses)
        else "",
    }

    if is_fragment(request):
        return render(
            request, "mirrors/list.html#rows", context, status=200 if is_live else STOP_POLLING
        )

    return render(request, "mirrors/list.html", context)


@require_POST
@needs_role(Role.OPERATOR)
def pause_all(request: TeamRequest) -> HttpResponse:
    assert request.team is not None  # needs_role has refused everybody without one.
    due_mirrors.pause_all(request.team, request.user)
    messages.success(request, _("No mirror starts by itself any more. What runs goes on."))
    return redirect("mirrors:list")


@require_POST
@needs_role(Role.OPERATOR)
def resume_all(request: TeamRequest) -> HttpResponse:
    assert request.team is not None
    due_mirrors.resume_all(request.team, request.user)
    messages.success(
        request,
        _(
            "The mirrors run by their schedules again. One whose time came meanwhile runs now, "
            "once."
        ),
    )
    return redirect("mirrors:list")
