"""Starts what is due: each run once, however many schedulers ask, and one after a time that all of them missed."""

import logging
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from registry_ui.accounts.models import Action, Role, Team, User
from registry_ui.accounts.trail import record

from ..models import Mirror, MirrorHook, MirrorPause, MirrorRun, Trigger
from ..services.rows import need_role
from .schedule import next_run
from .starting import MirrorBusy, start_run

logger = logging.getLogger(__name__)

_MOST_AT_ONCE = 200


def start_due() -> int:
    """Start every rule whose time has come; how many were started. One whose run before goes on waits, and then runs once."""
    now = timezone.now()
    due = Mirror.objects.filter(
        paused=False, team__mirror_pause=None, next_run_at__lte=now
    ).select_related("team")
    return sum(_start(mirror, now) for mirror in due.order_by("next_run_at")[:_MOST_AT_ONCE])


def _start(mirror: Mirror, now: datetime) -> bool:
    try:
        return not is_running(mirror) and _claim(mirror, now)
    except (MirrorBusy, IntegrityError):
        return False  # Somebody has started it in this moment; its time stays as it was.


@transaction.atomic
def _claim(mirror: Mirror, now: datetime) -> bool:
    rows = Mirror.objects.filter(pk=mirror.pk, paused=False, next_run_at=mirror.next_run_at)
    if not rows.update(next_run_at=next_run(mirror, after=now)):
        return False
    due_at, called = mirror.next_run_at, _take_call(mirror)
    mirror.refresh_from_db()
    start_run(mirror=mirror, user=None, due_at=due_at, **called)
    logger.info("Mirror %s is due and was started.", mirror.pk)
    return True


def is_running(mirror: Mirror) -> bool:
    return MirrorRun.objects.active().filter(mirror=mirror, is_plan=False).exists()


def _take_call(mirror: Mirror) -> dict[str, Any]:
    """Why it runs; whatever a webhook has asked for is served by this run."""
    hook = MirrorHook.objects.select_for_update().filter(mirror=mirror).first()
    if hook is None or hook.due_at is None:
        return {"trigger": Trigger.SCHEDULE}
    by_call, only = hook.due_at == mirror.next_run_at, hook.pending
    MirrorHook.objects.filter(pk=hook.pk).update(due_at=None, pending=[])
    return {"trigger": Trigger.WEBHOOK, "only": only} if by_call else {"trigger": Trigger.SCHEDULE}


@transaction.atomic
def pause_mirror(mirror: Mirror, user: User | None) -> None:
    """It starts no more by itself; what runs goes on.

    Raises:
        PermissionDenied
    """
    need_role(mirror.team, user, Role.OPERATOR)
    if Mirror.objects.filter(pk=mirror.pk, paused=False).update(paused=True):
        record(Action.MIRROR_PAUSED, user=user, obj=mirror)


@transaction.atomic
def resume_mirror(mirror: Mirror, user: User | None) -> None:
    """It runs again from its next time on: what was due in between is not made up for.

    Raises:
        PermissionDenied
    """
    need_role(mirror.team, user, Role.OPERATOR)
    if Mirror.objects.filter(pk=mirror.pk, paused=True).update(
        paused=False, next_run_at=next_run(mirror, after=timezone.now())
    ):
        record(Action.MIRROR_RESUMED, user=user, obj=mirror)


@transaction.atomic
def pause_all(team: Team, user: User) -> None:
    """None of the team's mirrors starts by itself until `resume_all`. Each one's own pause stays as it is.

    Raises:
        PermissionDenied
    """
    need_role(team, user, Role.OPERATOR)
    _pause, created = MirrorPause.objects.get_or_create(
        team=team, defaults={"paused_by": user.get_username()}
    )
    if created:
        record(Action.MIRROR_PAUSED, user=user, obj=team, team=team)


@transaction.atomic
def resume_all(team: Team, user: User) -> None:
    """They run again. One whose time came meanwhile runs once now.

    Raises:
        PermissionDenied
    """
    need_role(team, user, Role.OPERATOR)
    if MirrorPause.objects.filter(team=team).delete()[0]:
        record(Action.MIRROR_RESUMED, user=user, obj=team, team=team)
