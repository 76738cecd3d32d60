"""The start of due mirrors, and pauses.

Each due time has one run, however many schedulers ask. Due times that no scheduler saw are
made up for by a single run.
"""

import logging
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from registry_ui.accounts.audit.log import record
from registry_ui.accounts.models import Action, Role, Team, User
from registry_ui.accounts.permissions import check_role
from registry_ui.jobs.scheduled_tasks import run_for_each

from ..models import Mirror, MirrorPause, MirrorRun, MirrorWebhook, Trigger
from ..schedule import next_run
from .runs import MirrorBusy, start_run

logger = logging.getLogger(__name__)

_BATCH_SIZE = 200


def start_due_mirrors() -> int:
    """Start every due mirror and return how many were started.

    A mirror whose previous run is active keeps its due time and runs once afterwards.
    """
    now = timezone.now()

    # A pause of the team leaves the due times, so each mirror runs once after it.
    due = Mirror.objects.filter(
        paused=False, team__mirror_pause=None, next_run_at__lte=now
    ).select_related("team")
    return run_for_each(
        due.order_by("next_run_at")[:_BATCH_SIZE], lambda mirror: _start(mirror, now)
    )


def _start(mirror: Mirror, now: datetime) -> bool:
    try:
        # Checked before the claim, so that a running mirror keeps its due time.
        return not is_running(mirror) and _claim(mirror, now)
    except (MirrorBusy, IntegrityError):
        return False  # A person was faster; the due time stays.


@transaction.atomic
def _claim(mirror: Mirror, now: datetime) -> bool:
    # One row changed, or another scheduler was faster: the update claims the due time.
    rows = Mirror.objects.filter(pk=mirror.pk, paused=False, next_run_at=mirror.next_run_at)
    if not rows.update(next_run_at=next_run(mirror, after=now)):
        return False
    due_at, run_values = mirror.next_run_at, _consume_call(mirror)

    # The columns may have changed since the list of due mirrors was read.
    mirror.refresh_from_db()
    start_run(mirror=mirror, user=None, due_at=due_at, **run_values)
    logger.info("Mirror %s is due and was started.", mirror.pk)
    return True


def is_running(mirror: Mirror) -> bool:
    return MirrorRun.objects.active().filter(mirror=mirror, is_plan=False).exists()


def _consume_call(mirror: Mirror) -> dict[str, Any]:
    """Return the trigger and the tags of the run; it also serves a pending webhook call."""
    webhook = MirrorWebhook.objects.select_for_update().filter(mirror=mirror).first()
    if webhook is None or webhook.due_at is None:
        return {"trigger": Trigger.SCHEDULE}
    by_call, limited_to = webhook.due_at == mirror.next_run_at, webhook.pending

    # The run starts after the push, so it serves the call in either case.
    MirrorWebhook.objects.filter(pk=webhook.pk).update(due_at=None, pending=[])
    return (
        {"trigger": Trigger.WEBHOOK, "limited_to": limited_to}
        if by_call
        else {"trigger": Trigger.SCHEDULE}
    )


@transaction.atomic
def pause_mirror(mirror: Mirror, user: User | None) -> None:
    """Stop the schedule and the webhook of a mirror; an active run continues.

    Raises:
        PermissionDenied
    """
    check_role(mirror.team, user, Role.OPERATOR)
    if Mirror.objects.filter(pk=mirror.pk, paused=False).update(paused=True):
        record(Action.MIRROR_PAUSED, user=user, obj=mirror)


@transaction.atomic
def resume_mirror(mirror: Mirror, user: User | None) -> None:
    """Resume a mirror at its next time; the times of the pause are not made up for.

    Raises:
        PermissionDenied
    """
    check_role(mirror.team, user, Role.OPERATOR)
    # The next time is computed anew, so that times of the pause are not due at once.
    due_at = next_run(mirror, after=timezone.now())
    if Mirror.objects.filter(pk=mirror.pk, paused=True).update(paused=False, next_run_at=due_at):
        record(Action.MIRROR_RESUMED, user=user, obj=mirror)


@transaction.atomic
def pause_all(team: Team, user: User) -> None:
    """Stop all mirrors of a team from starting until `resume_all`.

    The pause of a single mirror stays as it is.

    Raises:
        PermissionDenied
    """
    check_role(team, user, Role.OPERATOR)
    _pause, created = MirrorPause.objects.get_or_create(
        team=team, defaults={"paused_by": user.get_username()}
    )
    if created:
        record(Action.MIRROR_PAUSED, user=user, obj=team, team=team)


@transaction.atomic
def resume_all(team: Team, user: User) -> None:
    """Resume the mirrors of a team; each that became due during the pause runs once now.

    Raises:
        PermissionDenied
    """
    check_role(team, user, Role.OPERATOR)
    if MirrorPause.objects.filter(team=team).delete()[0]:
        record(Action.MIRROR_RESUMED, user=user, obj=team, team=team)
