"""One run of a mirror, from claimed to an end state or postponed."""

import logging
from typing import Any

from django.db import DatabaseError, InterfaceError, OperationalError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registry_ui.accounts.audit.log import record
from registry_ui.accounts.models import Action
from registry_ui.catalog.indexing.index_services import schedule_index
from registry_ui.jobs.reporter import Reporter
from registry_ui.jobs.rights import check_requester
from registry_ui.oci.errors import Cancelled, OciError
from registry_ui.oci.store import Cancellation

from ...models import State
from ..models import ItemState, Mirror, MirrorRun
from .context import RunContext
from .item_store import describe_error
from .phases import execute
from .pull_budget import Postponed

logger = logging.getLogger(__name__)

_AUDIT_ACTIONS = {
    (False, State.SUCCEEDED): Action.MIRROR_SUCCEEDED,
    (False, State.FAILED): Action.MIRROR_FAILED,
    (True, State.SUCCEEDED): Action.MIRROR_LOCAL_PULL_SUCCEEDED,
    (True, State.FAILED): Action.MIRROR_LOCAL_PULL_FAILED,
}


def run(claimed: MirrorRun) -> None:
    """Execute a claimed run.

    Its row always ends in an end state, is postponed, or belongs to another worker.
    """
    # A postponed run continues now, so the page must not show its wait any more.
    MirrorRun.objects.filter(pk=claimed.pk, claim=claimed.claim).update(
        postponed_until=None, postponed_reason=""
    )

    # The reporter renews the heartbeat, writes the progress and notices a cancellation.
    context = RunContext(claimed, Cancellation())
    reporter = Reporter(claimed, context.row_values, context.cancellation)
    logger.info("Mirror run %s: %s begins (attempt %d).", claimed.pk, claimed, claimed.attempt)

    with reporter:
        state, values = _execute(context)

    if reporter.has_lost_claim:
        logger.warning("Mirror run %s was taken over by another worker.", claimed.pk)
        return

    try:
        _finish(context, state, values)
    except DatabaseError:
        # The row stays “running” without a heartbeat, and the reconciler finishes it.
        logger.exception("Mirror run %s: its end could not be written.", claimed.pk)


def _execute(context: RunContext) -> tuple[State | Postponed, dict[str, Any]]:
    run = context.run
    try:
        check_requester(run)
        execute(context)
    except Cancelled:
        return State.CANCELLED, {}
    except Postponed as postponed:
        return postponed, {}
    except OciError as exc:
        logger.info("Mirror run %s failed: %s", run.pk, exc.message)
        return State.FAILED, {"error": describe_error(exc)}
    except (OperationalError, InterfaceError):
        logger.exception("Mirror run %s failed: the database does not answer.", run.pk)
        return State.FAILED, {"error": _database_error(run)}
    except Exception:
        # A bug must not leave a row “running”: RQ's own timeout is off for these jobs.
        logger.exception("Mirror run %s failed unexpectedly.", run.pk)
        return State.FAILED, {"error": _internal_error(run)}

    # One failed tag makes the run failed, though all others are copied.
    failed = sum(item.state == ItemState.FAILED for item in context.item_store.items)
    return (
        (State.FAILED, {"error": _items_failed(failed)})
        if failed
        else (State.SUCCEEDED, {"error": None})
    )


def _finish(context: RunContext, state: State | Postponed, values: dict[str, Any]) -> None:
    run = context.run
    try:
        context.item_store.flush(force=True)
    except Cancelled:
        return

    # The page must not show a phase of an ended run.
    context.phase = ""
    if isinstance(state, Postponed):
        logger.info("Mirror run %s waits until %s.", run.pk, state.resume_at)
        run.postpone(state.resume_at, state.message, **context.row_values())
        return

    logger.info("Mirror run %s: %s.", run.pk, state.value)
    with transaction.atomic():
        # A plan changes nothing at its target, so it has no audit entry and no index run.
        if not run.finish(state, **context.row_values(), **values) or run.is_plan:
            return

        if not run.is_local_pull:
            _update_mirror(run, state)

        if run.target_registry is not None and context.copier is not None:
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


def _items_failed(count: int) -> dict[str, str]:
    return {
        "kind": "ItemsFailed",
        "message": ngettext("%(count)d tag failed.", "%(count)d tags failed.", count)
        % {"count": count},
        "advice": _("All others are done. Each says below why it failed; then retry what failed."),
    }


def _database_error(run: MirrorRun) -> dict[str, str]:
    return {
        "kind": "DatabaseFailed",
        "message": _("The database of Registry UI did not answer in time."),
        "advice": _(
            "Run it again: what has arrived is not sent again. If it happens again, look for "
            "%(id)s in the worker's log."
        )
        % {"id": run.pk},
    }


def _internal_error(run: MirrorRun) -> dict[str, str]:
    return {
        "kind": "Unexpected",
        "message": _("Something went wrong inside Registry UI itself."),
        "advice": _("Run it again; if it happens again, look for %(id)s in the worker's log.")
        % {"id": run.pk},
    }
