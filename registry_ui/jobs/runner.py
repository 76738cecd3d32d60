"""The runner of background jobs: claim, check the rights, run, finish."""

import logging
import os
import socket
import uuid
from typing import Any, ClassVar, Generic, TypeVar, cast

from django.db import DatabaseError, InterfaceError, OperationalError, transaction

from registry_ui.oci.errors import Cancelled, OciError, StoredError
from registry_ui.oci.store import Cancellation

from .kinds import JobKind, find_kind
from .models import Job, State
from .reporter import Reporter
from .rights import check_requester
from .stored_errors import database_error, unexpected_error

logger = logging.getLogger(__name__)

J = TypeVar("J", bound=Job)


class JobRun(Generic[J]):
    """One run of a claimed row. Each kind of jobs has a subclass.

    Attributes:
        job: the claimed row.
        cancellation: set when somebody cancels the job, or when another worker has claimed it.
    """

    # What the log calls the job.
    title: ClassVar[str] = "Job"

    def __init__(self, job: J, kind: JobKind[J]) -> None:
        self.job = job
        self.kind = kind
        self.cancellation = Cancellation()

    def values(self) -> dict[str, Any]:
        """Return the row's columns for the current progress; called from the reporter's thread."""
        return {}

    def execute(self) -> tuple[State, dict[str, Any]]:
        """Do the work; return the end state and the row's columns.

        Raises:
            OciError: the reason why it failed, for the row.
        """
        raise NotImplementedError

    def error_of(self, error: OciError) -> StoredError:
        """Return the row's `error` for a failure of `execute`."""
        return error.stored()

    def finish(self, state: State, values: dict[str, Any]) -> bool:
        """Write the end state; return False if another run has claimed the row.

        Raises:
            DatabaseError
        """
        with transaction.atomic():
            is_mine = self.job.finish(state, **self.values(), **values)
            if is_mine:
                self.kind.on_finished(self.job)
        return is_mine

    def after_end(self, state: State) -> None:
        """Do what nobody should have to wait for; called after the end state was written."""


def run_job(kind_name: str, job_id: str) -> None:
    """Run a queued job, unless another worker has claimed it or it is cancelled (called by RQ)."""
    kind = find_kind(kind_name)
    # RQ can deliver a job twice, and the reconciler can enqueue it again: one claim succeeds.
    claimed = kind.claim(uuid.UUID(job_id), worker_name())
    if claimed is not None:
        run_claimed(kind, claimed)


def run_in_process(kind: JobKind[J], job: J) -> J:
    """Run a queued job in this process to its end, and return its row."""
    # It can be cancelled, or claimed by a worker, before this process begins.
    claimed = kind.model.claim_for_run(job.pk, worker_name())
    if claimed is not None:
        run_claimed(kind, claimed)
    return cast(J, kind.model._default_manager.get(pk=job.pk))


def run_claimed(kind: JobKind[J], job: J) -> None:
    """Run a claimed job; its row gets an end state, or belongs to another worker."""
    run = kind.open_run(job)
    # Writes the progress and the heartbeat, and requests the cancellation that the row asks for.
    reporter = Reporter(job, run.values, run.cancellation)
    logger.info("%s %s: %s begins (attempt %d).", run.title, job.pk, job, job.attempt)

    with reporter:
        state, values = _execute(run)
    logger.info("%s %s: %s.", run.title, job.pk, state.value)

    if reporter.has_lost_claim:
        logger.warning("%s %s was taken over by another worker.", run.title, job.pk)
        return

    try:
        is_mine = run.finish(state, values)
    except DatabaseError:
        # The row stays “running” without a heartbeat, so the reconciler ends or queues it.
        logger.exception("%s %s: its end could not be written.", run.title, job.pk)
        return
    if is_mine:
        run.after_end(state)


def _execute(run: JobRun[Any]) -> tuple[State, dict[str, Any]]:
    job = run.job
    try:
        # The person may have lost the role, or the account, while the job was queued.
        check_requester(job, run.kind.required_role(job))
        return run.execute()
    except Cancelled:
        return State.CANCELLED, {}
    except OciError as exc:
        logger.info("%s %s failed: %s", run.title, job.pk, exc)
        return State.FAILED, {"error": run.error_of(exc)}
    except (OperationalError, InterfaceError):
        logger.exception("%s %s failed: the database does not answer.", run.title, job.pk)
        return State.FAILED, {"error": database_error(job.pk)}
    except Exception:
        # A bug must not leave the row “running”: RQ's own timeout is disabled for these jobs.
        logger.exception("%s %s failed unexpectedly.", run.title, job.pk)
        return State.FAILED, {"error": unexpected_error(job.pk)}


def worker_name() -> str:
    """Return the name of this process for the `worker` column."""
    return f"{socket.gethostname()}:{os.getpid()}"
