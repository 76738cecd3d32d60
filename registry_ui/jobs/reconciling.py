"""Brings every row to a true state: after a worker, Redis or the whole machine was killed, nothing waits for ever.

A queued row that RQ does not know is handed over again. A running row whose worker gave no sign of life goes back to the
queue, or ends after too many attempts. Several reconcilers may run at once: each change is conditional on what was seen.
"""

import logging
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from redis.exceptions import RedisError

from .models import Job, State
from .queueing import JobQueue

logger = logging.getLogger(__name__)

# A live run writes its row every second, but may have to wait half a minute for a locked database.
SILENCE_LIMIT = timedelta(seconds=45)
# A row this young may be on its way into the queue just now, or out of it.
QUEUE_LIMIT = timedelta(seconds=15)


@dataclass(slots=True)
class Reconciled:
    """How many rows were handed to the queue again, and how many were brought to an end."""

    requeued: int = 0
    ended: int = 0


def reconcile(queue: JobQueue) -> Reconciled:
    """One pass over one kind of rows. Safe at any time and from several processes."""
    result = Reconciled()
    _reconcile_running(queue, result)
    _reconcile_queued(queue, result)
    if result.requeued or result.ended:
        logger.info(
            "Reconciled %s: %d queued again, %d ended.", queue.name, result.requeued, result.ended
        )
    return result


def _reconcile_running(queue: JobQueue, result: Reconciled) -> None:
    silent = queue.model._default_manager.filter(
        state=State.RUNNING, heartbeat_at__lt=timezone.now() - SILENCE_LIMIT
    )
    for row in silent:
        if row.cancel_requested_at:
            result.ended += _end(row, State.CANCELLED)
        elif row.attempt >= settings.TRANSFER_ATTEMPTS:
            result.ended += _end(row, State.FAILED, error=_died(row))
        elif _seen(row).update(state=State.QUEUED, claim=None, worker=""):
            logger.warning(
                "%s %s: its worker %s died; it goes on from what has arrived.",
                type(row).__name__,
                row.pk,
                row.worker,
            )
            row.refresh_from_db()
            queue.enqueue(row)
            result.requeued += 1


def _reconcile_queued(queue: JobQueue, result: Reconciled) -> None:
    rows = queue.model._default_manager.filter(
        state=State.QUEUED, queued_at__lt=timezone.now() - QUEUE_LIMIT
    )
    if not rows.exists():
        return
    try:
        known = queue.waiting_ids()
    except RedisError:
        logger.warning("The queue (Redis) does not answer; %s wait.", queue.name)
        return
    for row in rows:
        if row.cancel_requested_at:
            result.ended += _end(row, State.CANCELLED)
        elif str(row.pk) not in known:
            result.requeued += queue.enqueue(row)


def _seen(row: Job) -> QuerySet[Job]:
    """The row, if it is still as it was seen."""
    return type(row)._default_manager.filter(
        pk=row.pk, state=row.state, claim=row.claim, heartbeat_at=row.heartbeat_at
    )


def _end(row: Job, state: State, **values: object) -> int:
    with transaction.atomic():
        ended = _seen(row).update(state=state, finished_at=timezone.now(), **values)
        if ended:
            row.note_end()
    return ended


def _died(row: Job) -> dict[str, str]:
    return {
        "kind": "WorkerDied",
        "message": _("The worker died %(count)d times while it ran this.") % {"count": row.attempt},
        "advice": _(
            "Look into the worker's log (out of memory?), then retry: what has arrived is not fetched or sent again."
        ),
    }
