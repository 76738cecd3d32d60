"""All mirrors of the current team."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from registry_ui.accounts.access import needs_role
from registry_ui.accounts.models import Role
from registry_ui.accounts.requests import TeamRequest

from ...models import Mirror, MirrorPause, NotificationChannel
from .. import claiming
from ..queueing import MIRROR_RUNS
from ..situation import situations
from .polling import STOP_POLLING, is_fragment


@require_safe
def mirrors(request: TeamRequest) -> HttpResponse:
    rows = Mirror.objects.filter(team=request.team).select_related(
        "team", "source_registry", "target_registry", "last_run"
    )
    pause = MirrorPause.objects.filter(team=request.team).first() if request.team else None
    found = situations(rows.order_by("name"), is_all_paused=pause is not None)
    is_live = any(each.active for each in found)
    context = {
        "mirrors": found,
        "pause": pause,
        "is_live": is_live,
        "may_operate": request.role is not None and request.role.allows(Role.OPERATOR),
        "may_edit": request.role is not None and request.role.allows(Role.ADMIN),
        "troubled_channels": NotificationChannel.objects.filter(
            team=request.team, failed_at__isnull=False
        ),
        "trouble": MIRROR_RUNS.trouble()
        if any(each.active and each.active.run.state == "queued" for each in found)
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
    claiming.pause_all(request.team, request.user)
    messages.success(request, _("No mirror starts by itself any more. What runs goes on."))
    return redirect("mirrors:list")


@require_POST
@needs_role(Role.OPERATOR)
def resume_all(request: TeamRequest) -> HttpResponse:
    assert request.team is not None
    claiming.resume_all(request.team, request.user)
    messages.success(
        request,
        _(
            "The mirrors run by their schedules again. One whose time came meanwhile runs now, once."
        ),
    )
    return redirect("mirrors:list")
