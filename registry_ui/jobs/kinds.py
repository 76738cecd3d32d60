"""Kinds of background jobs, and the queues that carry the ids of their rows to workers.

Redis only transports: the reconciler enqueues again what is lost there.
"""

import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import django_rq
from django.core.checks import CheckMessage, Error
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from redis.exceptions import RedisError
from rq.exceptions import NoSuchJobError
from rq.queue import Queue
from rq.worker import Worker

from registry_ui.accounts.models import Role, User
from registry_ui.oci.errors import StoredError
from registry_ui.web.extension import Extension

from .models import Job, State
from .worker_groups import QUEUES, RUN_FUNCTION

if TYPE_CHECKING:
    from .runner import JobRun

logger = logging.getLogger(__name__)

J = TypeVar("J", bound=Job)

# RQ keeps failed jobs for inspection; the row has the error itself.
_FAILURE_TTL = 7 * 24 * 3600
_RESULT_TTL = 3600


def _no_event(*_values: Any) -> None:
    """Record nothing in the audit log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobKind(Generic[J]):
    """One kind of background jobs. The worker, reconciler, metrics and offboarding read it.

    Its app adds it to `JOB_KINDS` in `apps.py`; `worker_groups.py` says which workers serve its
    queue, and how many there are.

    Args:
        name: the name in RQ jobs, and of the queue, as in `manage.py rqworker NAME`.
        model: the job model.
        run_class: the path of a subclass of `JobRun`; only a process that runs a job imports it.
        required_role: returns the role in the job's team that its user needs; checked at the start
            of the run, and of a new owner.
        describe: returns what a job does, for a person to decide about.
        url: returns the address of the job's page.
        on_finished: called in the transaction that writes an end state.
        record_ended: writes the audit event of a job that somebody else cancelled; called with the
            job, that user and the reason.
        record_handed_over: writes the audit event; called with the job, the old and new owner.
    """

    name: str
    model: type[J]
    run_class: str
    describe: Callable[[J], str]
    url: Callable[[J], str]
    required_role: Callable[[J], Role] = field(default=lambda job: Role.OPERATOR)
    on_finished: Callable[[J], None] = _no_event
    record_ended: Callable[[J, User | None, StoredError], None] = _no_event
    record_handed_over: Callable[[J, User, User], None] = _no_event

    def claim(self, pk: uuid.UUID, worker: str) -> J | None:
        """Claim the row of an RQ job for a worker; return None if it is not queued any more."""
        return self.model.claim_for_run(pk, worker)

    def open_run(self, job: J) -> "JobRun[J]":
        run_class: type[JobRun[J]] = import_string(self.run_class)
        return run_class(job, self)

    @property
    def rq(self) -> Queue:
        return django_rq.get_queue(self.name)

    def enqueue(self, row: J) -> bool:
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
                RUN_FUNCTION,
                args=(self.name, job_id),
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

    def cancel(self, row: J, *, reason: dict[str, str] | None = None) -> bool:
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


JOB_KINDS: Extension[JobKind[Any]] = Extension()


def find_kind(name: str) -> JobKind[Any]:
    """Return the kind with a name.

    Raises:
        LookupError
    """
    for kind in JOB_KINDS:
        if kind.name == name:
            return kind
    raise LookupError(f"No app has a kind of jobs with the name {name!r}.")


def check_worker_groups(**_kwargs: Any) -> list[CheckMessage]:
    """Report each kind of jobs that no worker of the supervisor serves (system check)."""
    return [
        Error(
            f"No worker group serves the queue {kind.name}.",
            hint="Add it to WORKER_GROUPS in registry_ui/jobs/worker_groups.py.",
            id="jobs.E001",
        )
        for kind in JOB_KINDS
        if kind.name not in QUEUES
    ]
