"""The run of a claimed transfer.

Credentials are checked again: they may have changed while it was queued.
"""

from typing import Any

from registry_ui.catalog.indexing.index_services import record_image_use
from registry_ui.credentials.services import lost_share_reason
from registry_ui.jobs.kinds import JobKind
from registry_ui.jobs.runner import JobRun
from registry_ui.oci.errors import (
    Denied,
    OciError,
    RepositoryUnknown,
    StoredError,
    TlsFailed,
    Unauthorized,
)
from registry_ui.oci.progress import Progress
from registry_ui.oci.reference import Reference

from .executors import engine
from .executors.copy import copy
from .executors.delete import delete
from .executors.import_archive import import_archive
from .executors.pull import pull
from .executors.push import publish, push
from .executors.tag import tag
from .executors.transfer_run import Executor, TransferRun
from .models import Kind, State, Transfer
from .steps import Steps

_EXECUTORS: dict[Kind, Executor] = {
    Kind.PULL: pull,
    Kind.TAG: tag,
    Kind.PUSH: push,
    Kind.PUBLISH: publish,
    Kind.COPY: copy,
    Kind.DELETE: delete,
    Kind.IMPORT: import_archive,
}
_ENGINE_EXECUTORS: dict[Kind, Executor] = {
    Kind.PULL: engine.pull,
    Kind.TAG: engine.tag,
    Kind.PUSH: engine.push,
    Kind.PUBLISH: engine.publish,
    Kind.LOAD: engine.load,
    Kind.SAVE: engine.save,
}


class TransferJobRun(JobRun[Transfer]):
    """The run of a transfer by the executor of its kind."""

    title = "Transfer"

    def __init__(self, job: Transfer, kind: JobKind[Transfer]) -> None:
        super().__init__(job, kind)
        self._run = TransferRun(job, Progress(), Steps.of(job), self.cancellation)

    def values(self) -> dict[str, Any]:
        return self._run.values()

    def execute(self) -> tuple[State, dict[str, Any]]:
        executors = _ENGINE_EXECUTORS if self.job.engine else _EXECUTORS
        result = executors[Kind(self.job.kind)](self._run)

        # A deletion that finds nothing keeps the digest that the user saw.
        if result is None:
            digest = str(self.job.options.get("digest") or "")
            return State.SUCCEEDED, {"digest": digest, "error": None}
        return State.SUCCEEDED, {"digest": str(result.digest), "size": result.size, "error": None}

    def error_of(self, error: OciError) -> StoredError:
        stored = error.stored()
        lost = _lost_share(self.job, error)
        if lost is None:
            return stored
        # The kind stays, because it decides about the actions.
        parameters = {**error.parameters, "lost": lost.stored(), "cause": stored}
        return {**stored, "code": "share_lost", "parameters": parameters}

    def finish(self, state: State, values: dict[str, Any]) -> bool:
        # What had begun must not look as if it still ran.
        if state is not State.SUCCEEDED:
            self._run.progress.fail_unfinished()
            self._run.steps.fail_running()
        return super().finish(state, values)

    def after_end(self, state: State) -> None:
        # A deletion updates the index itself.
        if state is State.SUCCEEDED and self.job.kind != Kind.DELETE:
            _update_index(self.job)


def _lost_share(transfer: Transfer, exc: OciError) -> OciError | None:
    """Return a reason if the failure can come from a shared credential that was withdrawn."""
    # A shared credential also brings its registry's TLS settings.
    if not isinstance(exc, Unauthorized | Denied | RepositoryUnknown | TlsFailed):
        return None

    anonymous = []
    if not transfer.source_is_local and transfer.source_credential is None:
        anonymous.append(Reference.parse(transfer.source))
    if not transfer.target_is_local and transfer.target_credential is None:
        anonymous.append(Reference.parse(transfer.target))
    reasons = (lost_share_reason(transfer.team, reference) for reference in anonymous)
    return next(filter(None, reasons), None)


def _update_index(transfer: Transfer) -> None:
    """Index the transferred tags, so that their pages show them at once."""
    names = [] if transfer.source_is_local else [transfer.source]
    names += [] if transfer.target_is_local else [transfer.target]
    for name in dict.fromkeys(names):
        record_image_use(team=transfer.team, reference=Reference.parse(name), user=transfer.user)
