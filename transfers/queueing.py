"""The way between rows and RQ. Redis only carries: what is lost there, the reconciler brings back from the rows."""

import logging
import uuid

import django_rq
from django.utils import timezone
from django.utils.translation import gettext as _
from redis.exceptions import RedisError
from rq.exceptions import NoSuchJobError
from rq.queue import Queue
from rq.worker import Worker

from .models import State, Transfer

logger = logging.getLogger(__name__)

QUEUE = "transfers"
_FAILURE_TTL = 7 * 24 * 3600
_RESULT_TTL = 3600


def queue() -> Queue:
    return django_rq.get_queue(QUEUE)


def enqueue(transfer: Transfer) -> bool:
    """Hand a queued row to the workers; False where Redis did not answer, and the reconciler will try again."""
    job_id = str(transfer.pk)
    Transfer.objects.filter(pk=transfer.pk, state=State.QUEUED).update(queued_at=timezone.now())
    try:
        forget(transfer.pk)
        queue().enqueue_call(
            "transfers.jobs.run_transfer",
            args=(job_id,),
            job_id=job_id,
            timeout=-1,
            result_ttl=_RESULT_TTL,
            failure_ttl=_FAILURE_TTL,
            description=f"{transfer.kind} {job_id}",
        )
    except RedisError:
        logger.warning("Transfer %s waits: the queue does not answer.", job_id)
        return False
    return True


def forget(pk: uuid.UUID) -> None:
    """Remove what RQ knows of a row's job.

    Raises:
        RedisError
    """
    try:
        job = queue().job_class.fetch(str(pk), connection=queue().connection, serializer=queue().serializer)
    except NoSuchJobError:
        return
    job.delete()


def waiting_ids() -> set[str]:
    """The ids of the jobs that lie in the queue.

    Raises:
        RedisError
    """
    return set(queue().get_job_ids())


def workers_alive() -> int:
    """How many workers serve the queue; 0 where Redis does not answer."""
    try:
        return Worker.count(queue=queue())
    except RedisError:
        return 0


def trouble() -> str:
    """Why nothing will start for now, in a sentence; empty where all is well."""
    try:
        if Worker.count(queue=queue()) == 0:
            return _("No worker is running. Start one: manage.py rqworker transfers.")
    except RedisError:
        return _("The queue (Redis) does not answer. The transfer starts as soon as it does.")
    return ""
