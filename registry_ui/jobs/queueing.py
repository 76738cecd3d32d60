"""The way between rows and RQ. Redis only carries: what is lost there, the reconciler brings back from the rows."""

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

_FAILURE_TTL = 7 * 24 * 3600
_RESULT_TTL = 3600


@dataclass(frozen=True, slots=True)
class JobQueue:
    """One kind of rows and the RQ queue that carries their ids.

    Args:
        name: of the queue, as `manage.py rqworker NAME` has it.
        function: what a worker calls with a row's id; one of `worker.LISTED_FUNCTIONS`.
        model: the kind of rows.
    """

    name: str
    function: str
    model: type[Job]

    @property
    def rq(self) -> Queue:
        return django_rq.get_queue(self.name)

    def enqueue(self, row: Job) -> bool:
        """Hand a queued row to the workers; False where Redis did not answer, and the reconciler will try again."""
        job_id = str(row.pk)
        self.model._default_manager.filter(pk=row.pk, state=State.QUEUED).update(
            queued_at=timezone.now()
        )
        try:
            self.forget(row.pk)
            self.rq.enqueue_call(
                self.function,
                args=(job_id,),
                job_id=job_id,
                timeout=-1,
                result_ttl=_RESULT_TTL,
                failure_ttl=_FAILURE_TTL,
                description=f"{self.name} {job_id}",
            )
        except RedisError:
            logger.warning("%s %s waits: the queue does not answer.", self.model.__name__, job_id)
            return False
        return True

    def forget(self, pk: uuid.UUID) -> None:
        """Remove what RQ knows of a row's job.

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

    def waiting_ids(self) -> set[str]:
        """The ids of the jobs that lie in the queue.

        Raises:
            RedisError
        """
        return set(self.rq.get_job_ids())

    def workers_alive(self) -> int:
        """How many workers serve the queue; 0 where Redis does not answer."""
        try:
            return Worker.count(queue=self.rq)
        except RedisError:
            return 0

    def trouble(self) -> str:
        """Why nothing will start for now, in a sentence; empty where all is well."""
        try:
            if Worker.count(queue=self.rq) == 0:
                return _("No worker is running. Start one: manage.py rqworker %(name)s.") % {
                    "name": self.name
                }
        except RedisError:
            return _("The queue (Redis) does not answer. The work starts as soon as it does.")
        return ""

    def cancel(self, row: Job, *, reason: dict[str, str] | None = None) -> bool:
        """Stop a row's work: at once while it is queued, within two seconds while it runs. One that has ended stays as it is.

        Args:
            reason: the row's `error`, where somebody else than the person who asked for it has to say why.

        Returns:
            Whether there was something to stop.
        """
        now = timezone.now()
        why = {"error": reason} if reason else {}
        rows = self.model._default_manager.filter(pk=row.pk)
        if rows.filter(state=State.QUEUED).update(
            state=State.CANCELLED, cancel_requested_at=now, finished_at=now, **why
        ):
            try:
                self.forget(row.pk)
            except RedisError:
                pass  # The job finds its row cancelled and leaves it alone.
            return True
        return bool(
            rows.filter(state=State.RUNNING, cancel_requested_at=None).update(
                cancel_requested_at=now, **why
            )
        )


def worker_name() -> str:
    """How a row names the process that runs it."""
    return f"{socket.gethostname()}:{os.getpid()}"
