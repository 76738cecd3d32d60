"""Queues that carry the ids of job rows to workers.

Redis only transports: the reconciler enqueues again what is lost there.
"""

import logging
import os
import socket
import uuid
from dataclasses import dataclass

import django_rq
from django.utils import timezone
from django.utils.translation import gettext as _
from redis.exceptions import RedisError
from rq.exceptions import NoSuchJobError
from rq.queue import Queue
from rq.worker import Worker

from .models import Job, State

logger = logging.getLogger(__name__)

# RQ keeps failed jobs for inspection; the row has the error itself.
_FAILURE_TTL = 7 * 24 * 3600
_RESULT_TTL = 3600


@dataclass(frozen=True, slots=True)
class JobQueue:
    """A job model and the RQ queue that carries the ids of its rows.

    Args:
        name: the queue's name, as in `manage.py rqworker NAME`.
        function: the function that a worker calls with an id, in `worker.LISTED_FUNCTIONS`.
        model: the job model.
    """

    name: str
    function: str
    model: type[Job]

    @property
    def rq(self) -> Queue:
        return django_rq.get_queue(self.name)

    def enqueue(self, row: Job) -> bool:
        """Enqueue a row; return False if Redis does not answer (the reconciler tries again)."""
        job_id = str(row.pk)

        # Before Redis: the reconciler must see a recent `queued_at` while the job is on its way.
        self.model._default_manager.filter(pk=row.pk, state=State.QUEUED).update(
            queued_at=timezone.now()
        )

        try:
            # RQ keeps the job of a former run under the same id.
            self.delete_rq_job(row.pk)
            self.rq.enqueue_call(
                self.function,
                args=(job_id,),
                job_id=job_id,
                # No time limit: a large image may take hours. The reconciler detects dead workers.
                timeout=-1,
                result_ttl=_RESULT_TTL,
                failure_ttl=_FAILURE_TTL,
                # Without it, RQ would log the function with its arguments.
                description=f"{self.name} {job_id}",
            )
        except RedisError:
            logger.warning("%s %s waits: the queue does not answer.", self.model.__name__, job_id)
            return False
        return True

    def delete_rq_job(self, pk: uuid.UUID) -> None:
        """Delete the RQ job of a row, if there is one.

        Raises:
            RedisError
        """
        queue = self.rq
        try:
            job = queue.job_class.fetch(
                str(pk), connection=queue.connection, serializer=queue.serializer
            )
        except NoSuchJobError:
            return
        job.delete()

    def queued_ids(self) -> set[str]:
        """Return the ids of the jobs in the queue.

        Raises:
            RedisError
        """
        return set(self.rq.get_job_ids())

    def count_workers(self) -> int:
        """Return the number of workers of the queue; 0 if Redis does not answer."""
        try:
            return Worker.count(queue=self.rq)
        except RedisError:
            return 0

    def problem(self) -> str:
        """Return why no job can start now; empty if jobs can start."""
        try:
            if Worker.count(queue=self.rq) == 0:
                return _("No worker is running. Start one: manage.py rqworker %(name)s.") % {
                    "name": self.name
                }
        except RedisError:
            return _("The queue (Redis) does not answer. The work starts as soon as it does.")
        return ""

    def cancel(self, row: Job, *, reason: dict[str, str] | None = None) -> bool:
        """Cancel a job: at once while it is queued, within two seconds while it runs.

        Args:
            reason: the row's `error`, if somebody other than the requesting user cancels it.

        Returns:
            Whether the job was active and is cancelled now.
        """
        now = timezone.now()
        changes = {"error": reason} if reason else {}
        rows = self.model._default_manager.filter(pk=row.pk)
        # Conditional updates: the job may start or end at the same moment.
        if rows.filter(state=State.QUEUED).update(
            state=State.CANCELLED, cancel_requested_at=now, finished_at=now, **changes
        ):
            try:
                self.delete_rq_job(row.pk)
            except RedisError:
                pass  # A worker that gets the job cannot claim a cancelled row.
            return True

        # The run's Reporter polls `cancel_requested_at` and stops the run.
        return bool(
            rows.filter(state=State.RUNNING, cancel_requested_at=None).update(
                cancel_requested_at=now, **changes
            )
        )


def worker_name() -> str:
    """Return the name of this process for the `worker` column."""
    return f"{socket.gethostname()}:{os.getpid()}"
