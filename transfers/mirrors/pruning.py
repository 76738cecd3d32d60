"""Ended runs are kept for people to look at, and not for ever; and what a run that never ended by itself leaves is made good."""

import uuid
from datetime import timedelta

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from ..models import TERMINAL_STATES, ItemAction, ItemState, Mirror, MirrorItem, MirrorRun, State
from .exporting import latest_brought, latest_whole

KEPT_FOR = timedelta(days=30)
# What was the same, or left out, is of interest for a few days; there are thousands of them every night.
DETAILS_KEPT_FOR = timedelta(days=3)
_CHUNK = 500


def drop_old_runs() -> int:
    """How many runs were dropped. Of each mirror the latest run and plan, and what its archive is made of, stay whatever their age."""
    now = timezone.now()
    ended = MirrorRun.objects.filter(state__in=TERMINAL_STATES)
    latest = _latest()
    details = MirrorItem.objects.filter(
        run__finished_at__lt=now - DETAILS_KEPT_FOR, state=ItemState.DONE
    )
    _delete_in_chunks(
        details.filter(action__in=(ItemAction.SAME, ItemAction.SKIPPED)).exclude(run__in=latest)
    )
    old = ended.filter(finished_at__lt=now - KEPT_FOR).exclude(pk__in=latest)
    return _delete_in_chunks(old)


def settle_ended() -> int:
    """A run that the reconciler ended, because its workers died, counts as its mirror's latest too. How many did."""
    settled = 0
    recent = MirrorRun.objects.mirroring().filter(
        state__in=(State.FAILED, State.CANCELLED),
        finished_at__gt=timezone.now() - timedelta(hours=1),
    )
    for run in recent.exclude(mirror__last_run=F("pk")).order_by("finished_at"):
        earlier = Q(last_run=None) | Q(last_run__finished_at__lt=run.finished_at)
        settled += Mirror.objects.filter(earlier, pk=run.mirror_id).update(
            last_run=run, last_state=run.state
        )
    return settled


def _latest() -> list[uuid.UUID]:
    keys: list[uuid.UUID] = []
    sorts = ({"is_plan": False, "is_staging": False}, {"is_plan": True}, {"is_staging": True})
    for mirror in Mirror.objects.all():
        ended = mirror.runs.filter(state__in=TERMINAL_STATES).order_by("-created_at")
        latest = [
            *(ended.filter(**sort).first() for sort in sorts),
            latest_brought(mirror),
            latest_whole(mirror),
        ]
        keys += [run.pk for run in latest if run is not None]
    return keys


def _delete_in_chunks(rows: QuerySet) -> int:
    keys = list(rows.order_by().values_list("pk", flat=True))
    for start in range(0, len(keys), _CHUNK):
        rows.model._default_manager.filter(pk__in=keys[start : start + _CHUNK]).delete()
    return len(keys)
