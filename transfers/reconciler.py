"""Brings every row to a true state: after a worker, Redis or the whole machine was killed, nothing waits for ever.

A queued row that RQ does not know is handed over again. A running row whose worker gave no sign of life goes back to the
queue, or ends after too many attempts. Several reconcilers may run at once: each change is conditional on what was seen.
"""

import logging
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from redis.exceptions import RedisError

from .models import State, Transfer
from .queueing import enqueue, waiting_ids

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


def reconcile() -> Reconciled:
    """One pass. Safe at any time and from several processes."""
    result = Reconciled()
    _reconcile_running(result)
    _reconcile_queued(result)
    if result.requeued or result.ended:
        logger.info("Reconciled transfers: %d queued again, %d ended.", result.requeued, result.ended)
    return result


def _reconcile_running(result: Reconciled) -> None:
    silent = Transfer.objects.filter(state=State.RUNNING, heartbeat_at__lt=timezone.now() - SILENCE_LIMIT)
    for transfer in silent:
        if transfer.cancel_requested_at:
            result.ended += _end(transfer, State.CANCELLED)
        elif transfer.attempt >= settings.TRANSFER_ATTEMPTS:
            result.ended += _end(transfer, State.FAILED, error=_died(transfer))
        elif _seen(transfer).update(state=State.QUEUED, claim=None, worker=""):
            logger.warning("Transfer %s: its worker %s died; it goes on from what has arrived.", transfer.pk, transfer.worker)
            transfer.refresh_from_db()
            enqueue(transfer)
            result.requeued += 1


def _reconcile_queued(result: Reconciled) -> None:
    rows = Transfer.objects.filter(state=State.QUEUED, queued_at__lt=timezone.now() - QUEUE_LIMIT)
    if not rows.exists():
        return
    try:
        known = waiting_ids()
    except RedisError:
        logger.warning("The queue (Redis) does not answer; transfers wait.")
        return
    for transfer in rows:
        if transfer.cancel_requested_at:
            result.ended += _end(transfer, State.CANCELLED)
        elif str(transfer.pk) not in known:
            result.requeued += enqueue(transfer)


def _seen(transfer: Transfer):
    """The row, if it is still as it was seen."""
    return Transfer.objects.filter(pk=transfer.pk, state=transfer.state, claim=transfer.claim, heartbeat_at=transfer.heartbeat_at)


def _end(transfer: Transfer, state: State, **values: object) -> int:
    return _seen(transfer).update(state=state, finished_at=timezone.now(), **values)


def _died(transfer: Transfer) -> dict[str, str]:
    return {
        "kind": "WorkerDied",
        "message": _("The worker died %(count)d times while it ran this transfer.") % {"count": transfer.attempt},
        "advice": _("Look into the worker's log (out of memory?), then retry: what has arrived is not sent again."),
    }
