"""What the overview says of mirrors: those that failed, and those behind their schedules."""

from typing import Any

from registry_ui.accounts.models import Role
from registry_ui.accounts.requests import TeamRequest

from ..models import Mirror, MirrorPause
from .situation import situations

_MOST = 8


def section(request: TeamRequest) -> tuple[str, dict[str, Any]] | None:
    """The section, or None where all is well."""
    if request.team is None:
        return None
    mirrors = Mirror.objects.filter(team=request.team).select_related(
        "source_registry", "target_registry", "last_run"
    )
    is_paused = MirrorPause.objects.filter(team=request.team).exists()
    troubled = [
        now for now in situations(mirrors, is_all_paused=is_paused) if now.has_failed or now.is_late
    ]
    if not troubled:
        return None
    may_operate = request.role is not None and request.role.allows(Role.OPERATOR)
    return "mirrors/_overview.html", {"troubled": troubled[:_MOST], "may_operate": may_operate}
