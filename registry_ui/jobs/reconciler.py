"""The reconciler: it corrects job rows after a worker, Redis or the machine was killed.

A queued row that RQ does not know is enqueued again. A running row without a recent heartbeat
goes back to the queue, or fails after too many attempts. Several reconcilers may run at once:
each update is conditional on the row's state that was read.
"""

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from redis.exceptions import RedisError

from registry_ui.oci.errors import StoredError

from .kinds import JOB_KINDS, JobKind
from .models import Job, State

logger = logging.getLogger(__name__)

# A live run writes its row every second, but may have to wait half a minute for a locked database.
HEARTBEAT_TIMEOUT = timedelta(seconds=45)
# A row this young may be on its way into the queue just now, or out of it.
QUEUE_LIMIT = timedelta(seconds=15)


@dataclass(slots=True)
class Reconciled:
    """The numbers of rows that were enqueued again and that were set to an end state."""

    requeued: int = 0
    ended: int = 0


def reconcile(kind: JobKind[Any]) -> Reconciled:
    """Check all rows of a kind once. Safe at any time and from several processes."""
    result = Reconciled()
    _reconcile_running(kind, result)
    _reconcile_queued(kind, result)
    if result.requeued or result.ended:
        logger.info(
            "Reconciled %s: %d queued again, %d ended.", kind.name, result.requeued, result.ended
        )
    return result


def reconcile_jobs() -> None:
    """Reconcile all kinds of jobs; the failure of one does not stop the others.

    Raises:
        ExceptionGroup: the failures.
    """
    errors: list[Exception] = []
    for kind in JOB_KINDS:
        try:
            reconcile(kind)
            # RQ keeps the jobs of dead workers in this registry until somebody cleans it up.
            kind.rq.started_job_registry.cleanup()
        except Exception as exc:
            errors.append(exc)
    if errors:
        raise ExceptionGroup("Some kinds of jobs could not be reconciled.", errors)


def _reconcile_running(kind: JobKind[Any], result: Reconciled) -> None:
    silent = kind.model._default_manager.filter(
        state=State.RUNNING, heartbeat_at__lt=timezone.now() - HEARTBEAT_TIMEOUT
    )
    for row in silent:
        # The worker died before it saw the request.
        if row.cancel_requested_at:
            result.ended += _finish(kind, row, State.CANCELLED)
        elif row.attempt >= settings.TRANSFER_ATTEMPTS:
            result.ended += _finish(kind, row, State.FAILED, error=_worker_lost_error(row))
        elif _unchanged(row).update(state=State.QUEUED, claim=None, worker=""):
            logger.warning(
                "%s %s: its worker %s died; it goes on from what has arrived.",
                type(row).__name__,
                row.pk,
                row.worker,
            )
            # `enqueue` works on the queued row, not on the one that was read.
            row.refresh_from_db()
            kind.enqueue(row)
            result.requeued += 1


def _reconcile_queued(kind: JobKind[Any], result: Reconciled) -> None:
    rows = kind.model._default_manager.filter(
        state=State.QUEUED, queued_at__lt=timezone.now() - QUEUE_LIMIT
    )
    if not rows.exists():
        return
    try:
        queued_ids = kind.queued_ids()
    except RedisError:
        # Without the list of ids, every queued row would look lost.
        logger.warning("The queue (Redis) does not answer; %s wait.", kind.name)
        return

    # A row that RQ knows waits for a worker; any other one was lost with Redis.
    for row in rows:
        if row.cancel_requested_at:
            result.ended += _finish(kind, row, State.CANCELLED)
        elif str(row.pk) not in queued_ids:
            result.requeued += kind.enqueue(row)


def _unchanged(row: Job) -> QuerySet[Job]:
    """Return a queryset of the row, empty if the row was changed since it was read."""
    return type(row)._default_manager.filter(
        pk=row.pk, state=row.state, claim=row.claim, heartbeat_at=row.heartbeat_at
    )


def _finish(kind: JobKind[Any], row: Job, state: State, **values: object) -> int:
    # The event in the audit log and the end state are written together.
    with transaction.atomic():
        ended = _unchanged(row).update(state=state, finished_at=timezone.now(), **values)
        if ended:
            kind.on_finished(row)
    return ended


def _worker_lost_error(row: Job) -> StoredError:
    return {"kind": "WorkerLost", "code": "worker_died", "parameters": {"count": row.attempt}}
