"""Retention of ended runs, and repair after runs that the reconciler ended."""

import uuid
from datetime import timedelta
from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from ...models import TERMINAL_STATES, State
from ..archive import archive_run, latest_full_run
from ..models import ItemAction, ItemState, Mirror, MirrorItem, MirrorRun

RUN_RETENTION = timedelta(days=30)
# Unchanged and skipped tags matter for a few days only, and a run may have thousands of them.
DETAIL_RETENTION = timedelta(days=3)
_CHUNK = 500


def delete_old_mirror_runs() -> int:
    """Delete old runs and return how many.

    The latest run and plan of each mirror, and the run of its archive, stay.
    """
    now = timezone.now()
    ended = MirrorRun.objects.filter(state__in=TERMINAL_STATES)
    latest = _latest_ids()

    # Rows of unchanged tags first, as they are the most.
    details = MirrorItem.objects.filter(
        run__finished_at__lt=now - DETAIL_RETENTION, state=ItemState.DONE
    )
    _delete_in_chunks(
        details.filter(action__in=(ItemAction.UP_TO_DATE, ItemAction.SKIPPED)).exclude(
            run__in=latest
        )
    )
    old = ended.filter(finished_at__lt=now - RUN_RETENTION).exclude(pk__in=latest)

    return _delete_in_chunks(old)


def record_reconciled_runs() -> int:
    """Record runs that the reconciler ended as the latest of their mirrors; return how many."""
    updated = 0

    # The reconciler knows nothing of mirrors, so it cannot update their columns itself.
    recent = MirrorRun.objects.to_target().filter(
        state__in=(State.FAILED, State.CANCELLED),
        finished_at__gt=timezone.now() - timedelta(hours=1),
    )

    for run in recent.exclude(mirror__last_run=F("pk")).order_by("finished_at"):
        # A later run may have ended meanwhile, and must stay the latest.
        earlier = Q(last_run=None) | Q(last_run__finished_at__lt=run.finished_at)
        updated += Mirror.objects.filter(earlier, pk=run.mirror_id).update(
            last_run=run, last_state=run.state
        )

    return updated


def _latest_ids() -> list[uuid.UUID]:
    ids: list[uuid.UUID] = []
    filters = (
        {"is_plan": False, "is_local_pull": False},
        {"is_plan": True},
        {"is_local_pull": True},
    )
    for mirror in Mirror.objects.all():
        ended = mirror.runs.filter(state__in=TERMINAL_STATES).order_by("-created_at")
        latest = [
            *(ended.filter(**kind_filter).first() for kind_filter in filters),
            archive_run(mirror),
            latest_full_run(mirror),
        ]
        ids += [run.pk for run in latest if run is not None]

    return ids


def _delete_in_chunks(rows: QuerySet[Any]) -> int:
    ids = list(rows.order_by().values_list("pk", flat=True))

    # In chunks: SQLite limits the parameters of a query, and others must write between.
    for start in range(0, len(ids), _CHUNK):
        rows.model._default_manager.filter(pk__in=ids[start : start + _CHUNK]).delete()
    return len(ids)
