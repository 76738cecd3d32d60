"""One run of a mirror, from claimed to an end state or postponed."""

import logging
from typing import Any

from django.db import transaction
from django.utils import timezone

from registry_ui.accounts.audit.log import record
from registry_ui.accounts.models import Action
from registry_ui.catalog.indexing.index_services import schedule_index
from registry_ui.jobs.kinds import JobKind
from registry_ui.jobs.runner import JobRun
from registry_ui.oci.errors import Cancelled, StoredError

from ...models import State
from ..models import ItemState, Mirror, MirrorRun
from .context import RunContext
from .phases import execute
from .pull_budget import Postponed

logger = logging.getLogger(__name__)

_AUDIT_ACTIONS = {
    (False, State.SUCCEEDED): Action.MIRROR_SUCCEEDED,
    (False, State.FAILED): Action.MIRROR_FAILED,
    (True, State.SUCCEEDED): Action.MIRROR_LOCAL_PULL_SUCCEEDED,
    (True, State.FAILED): Action.MIRROR_LOCAL_PULL_FAILED,
}


class MirrorJobRun(JobRun[MirrorRun]):
    """The run of a mirror, to an end state or until it is postponed."""

    title = "Mirror run"

    def __init__(self, job: MirrorRun, kind: JobKind[MirrorRun]) -> None:
        super().__init__(job, kind)
        # A postponed run continues now, so the page must not show its wait any more.
        MirrorRun.objects.filter(pk=job.pk, claim=job.claim).update(
            postponed_until=None, postponed_reason=None
        )
        self._context = RunContext(job, self.cancellation)
        self._postponed: Postponed | None = None

    def values(self) -> dict[str, Any]:
        return self._context.row_values()

    def execute(self) -> tuple[State, dict[str, Any]]:
        try:
            execute(self._context)
        except Postponed as postponed:
            self._postponed = postponed
            return State.QUEUED, {}

        # One failed tag makes the run failed, though all others are copied.
        failed = sum(item.state == ItemState.FAILED for item in self._context.item_store.items)
        if failed:
            return State.FAILED, {"error": _items_failed(failed)}
        return State.SUCCEEDED, {"error": None}

    def finish(self, state: State, values: dict[str, Any]) -> bool:
        try:
            self._context.item_store.flush(force=True)
        except Cancelled:
            return False

        # The page must not show a phase of an ended run.
        self._context.phase = ""
        if self._postponed is not None:
            logger.info("Mirror run %s waits until %s.", self.job.pk, self._postponed.resume_at)
            return self.job.postpone(
                self._postponed.resume_at, self._postponed.stored(), **self.values()
            )

        with transaction.atomic():
            is_mine = super().finish(state, values)
            # A plan changes nothing at its target, so it has no audit entry and no index run.
            if is_mine and not self.job.is_plan:
                self._record_end(state)
        return is_mine

    def _record_end(self, state: State) -> None:
        run = self.job
        if not run.is_local_pull:
            _update_mirror(run, state)

        if run.target_registry is not None and self._context.copier is not None:
            schedule_index(run.target_registry)

        if state != State.CANCELLED:
            record(
                _AUDIT_ACTIONS[run.is_local_pull, state],
                obj=run,
                name=run.mirror.name,
                trigger=str(run.trigger),
            )


def _update_mirror(run: MirrorRun, state: State) -> None:
    values: dict[str, Any] = {"last_run": run, "last_state": state}
    if state == State.SUCCEEDED:
        # The age of the last success decides whether the mirror is late.
        values["last_success_at"] = timezone.now()
    Mirror.objects.filter(pk=run.mirror_id).update(**values)


def _items_failed(count: int) -> StoredError:
    code = "item_failed" if count == 1 else "items_failed"
    return {"kind": "ItemsFailed", "code": code, "parameters": {"count": count}}
