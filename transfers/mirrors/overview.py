"""The overview section of failed and late mirrors."""

from typing import Any

from registry_ui.accounts.models import Role
from registry_ui.accounts.permissions import may_here
from registry_ui.accounts.requests import TeamRequest

from .models import Mirror, MirrorPause
from .presenter import mirror_statuses

_MAX_SHOWN = 8


def section(request: TeamRequest) -> tuple[str, dict[str, Any]] | None:
    """Return the template and its context, or None where no mirror needs attention."""
    # A new account may not belong to a team yet.
    if request.team is None:
        return None

    mirrors = Mirror.objects.filter(team=request.team).select_related(
        "source_registry", "target_registry", "last_run"
    )
    is_paused = MirrorPause.objects.filter(team=request.team).exists()

    # Healthy mirrors do not appear on the overview.
    unhealthy = [
        status
        for status in mirror_statuses(mirrors, is_all_paused=is_paused)
        if status.has_failed or status.is_late
    ]

    if not unhealthy:
        return None

    may_operate = may_here(request, Role.OPERATOR)
    return "mirrors/_overview.html", {
        "unhealthy": unhealthy[:_MAX_SHOWN],
        "may_operate": may_operate,
    }
