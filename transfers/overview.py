"""What the overview says of transfers: what runs now, what failed lately and why, what was done last."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from registry_ui.accounts.models import Role
from registry_ui.accounts.requests import TeamRequest

from .models import State, Transfer
from .queueing import TRANSFERS
from .situation import Situation
from .waiting import with_positions

_RECENT_DAYS = timedelta(days=7)
_MOST_ACTIVE = 8
_MOST_FAILED = 5
_MOST_RECENT = 8


def section(request: TeamRequest) -> tuple[str, dict[str, Any]] | None:
    """The section, or None while the team has moved nothing."""
    if request.team is None or not Transfer.objects.filter(team=request.team).exists():
        return None
    return "transfers/_overview.html", context(request)


def context(request: TeamRequest) -> dict[str, Any]:
    rows = Transfer.objects.filter(team=request.team).select_related("user")
    active = [Situation(row) for row in rows.active().order_by("created_at")[:_MOST_ACTIVE]]
    rows = rows.defer("progress")
    return {
        "active": with_positions(active),
        "more_active": max(rows.active().count() - _MOST_ACTIVE, 0),
        "failed": [_failed(row, request.role) for row in _unmended(rows)],
        "recent": [
            Situation(row)
            for row in rows.filter(state=State.SUCCEEDED).order_by("-created_at")[:_MOST_RECENT]
        ],
        "trouble": TRANSFERS.trouble()
        if any(row.transfer.state == State.QUEUED for row in active)
        else "",
    }


def _failed(transfer: Transfer, role: Role | None) -> Situation:
    now = Situation(transfer)
    now.may_retry = role is not None and role.allows(transfer.wanted_role) and now.is_worth_a_retry
    return now


def _unmended(rows: Any) -> list[Transfer]:
    """Failures of the last days that nobody has retried, and that nothing has made good since."""
    failures = rows.filter(
        state=State.FAILED, retries=None, created_at__gt=timezone.now() - _RECENT_DAYS
    ).order_by("-created_at")
    unmended: dict[tuple[str, str, str], Transfer] = {}
    for failure in failures[: _MOST_FAILED * 4]:
        unmended.setdefault((failure.kind, failure.source, failure.target), failure)
    return [failure for failure in unmended.values() if not _made_good(rows, failure)][
        :_MOST_FAILED
    ]


def _made_good(rows: Any, failure: Transfer) -> bool:
    later = rows.filter(state=State.SUCCEEDED, created_at__gt=failure.created_at)
    return bool(
        later.filter(kind=failure.kind, source=failure.source, target=failure.target).exists()
    )
