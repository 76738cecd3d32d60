"""The section of the overview with active, failed and recent transfers."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from registry_ui.accounts.models import Role
from registry_ui.accounts.permissions import allows
from registry_ui.accounts.requests import TeamRequest

from .models import State, Transfer
from .presenter import TransferPresenter
from .queue_status import add_queue_positions
from .queues import TRANSFERS

_RECENT_DAYS = timedelta(days=7)
_MAX_ACTIVE = 8
_MAX_FAILED = 5
_MAX_RECENT = 8


def section(request: TeamRequest) -> tuple[str, dict[str, Any]] | None:
    """Return the template and its context, or None while the team has no transfer."""
    if request.team is None or not Transfer.objects.filter(team=request.team).exists():
        return None
    return "transfers/_overview.html", overview_context(request)


def overview_context(request: TeamRequest) -> dict[str, Any]:
    rows = Transfer.objects.filter(team=request.team).select_related("user")
    active = [TransferPresenter(row) for row in rows.active().order_by("created_at")[:_MAX_ACTIVE]]
    add_queue_positions(active)
    has_queued = any(presenter.transfer.state == State.QUEUED for presenter in active)

    # Ended transfers show no layers, which can be hundreds of kilobytes a row.
    rows = rows.defer("progress")
    recent = rows.filter(state=State.SUCCEEDED).order_by("-created_at")[:_MAX_RECENT]
    return {
        "active": active,
        "more_active": max(rows.active().count() - _MAX_ACTIVE, 0),
        "failed": [_present_failure(row, request.role) for row in _unresolved_failures(rows)],
        "recent": [TransferPresenter(row) for row in recent],
        "queue_problem": TRANSFERS.problem() if has_queued else "",
    }


def _present_failure(transfer: Transfer, role: Role | None) -> TransferPresenter:
    presenter = TransferPresenter(transfer)
    may_start = allows(role, transfer.required_role)
    presenter.can_retry = may_start and transfer.is_retryable
    return presenter


def _unresolved_failures(rows: Any) -> list[Transfer]:
    """Return recent failures without a retry and without a later success."""
    failures = rows.filter(
        state=State.FAILED, retries=None, created_at__gt=timezone.now() - _RECENT_DAYS
    ).order_by("-created_at")

    # Repeated failures of the same transfer count once, so more rows than shown are read.
    latest: dict[tuple[str, str, str], Transfer] = {}
    for failure in failures[: _MAX_FAILED * 4]:
        latest.setdefault((failure.kind, failure.source, failure.target), failure)

    unresolved = [failure for failure in latest.values() if not _succeeded_later(rows, failure)]
    return unresolved[:_MAX_FAILED]


def _succeeded_later(rows: Any, failure: Transfer) -> bool:
    # A push with another client is not known here; only the product's own transfers count.
    later = rows.filter(state=State.SUCCEEDED, created_at__gt=failure.created_at)
    return bool(
        later.filter(kind=failure.kind, source=failure.source, target=failure.target).exists()
    )
