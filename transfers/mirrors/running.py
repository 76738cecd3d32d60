"""One run of a mirror from claimed to an end state, or until it is parked."""

import logging
from typing import Any

from django.db import DatabaseError, InterfaceError, OperationalError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registry_ui.accounts.models import Action
from registry_ui.accounts.trail import record
from registry_ui.jobs.reporting import Reporter
from registry_ui.jobs.rights import check_person
from registry_ui.oci.errors import Cancelled, OciError
from registry_ui.oci.store import Cancellation
from registry_ui.registries.indexing.services import look_soon

from ..models import ItemState, Mirror, MirrorRun, State
from .ledger import describe
from .parking import Parked
from .phases import execute
from .work import Work

logger = logging.getLogger(__name__)

_ENDS = {
    (False, State.SUCCEEDED): Action.MIRROR_SUCCEEDED,
    (False, State.FAILED): Action.MIRROR_FAILED,
    (True, State.SUCCEEDED): Action.MIRROR_STAGED,
    (True, State.FAILED): Action.MIRROR_STAGING_FAILED,
}


def run(claimed: MirrorRun) -> None:
    """Run a claimed run of a mirror; whatever happens, its row ends in an end state, is parked, or is another worker's by then."""
    MirrorRun.objects.filter(pk=claimed.pk, claim=claimed.claim).update(
        parked_until=None, parked_reason=""
    )
    work = Work(claimed, Cancellation())
    reporter = Reporter(claimed, work.values, work.cancellation)
    logger.info("Mirror run %s: %s begins (attempt %d).", claimed.pk, claimed, claimed.attempt)
    with reporter:
        state, values = _attempt(work)
    if reporter.lost:
        logger.warning("Mirror run %s was taken over by another worker.", claimed.pk)
        return
    try:
        _finish(work, state, values)
    except DatabaseError:
        # The row stays “running” without a heartbeat, and the reconciler brings it to its end.
        logger.exception("Mirror run %s: its end could not be written.", claimed.pk)


def _attempt(work: Work) -> tuple[State | Parked, dict[str, Any]]:
    run = work.run
    try:
        check_person(run)
        execute(work)
    except Cancelled:
        return State.CANCELLED, {}
    except Parked as parked:
        return parked, {}
    except OciError as exc:
        logger.info("Mirror run %s failed: %s", run.pk, exc.message)
        return State.FAILED, {"error": describe(exc)}
    except (OperationalError, InterfaceError):
        logger.exception("Mirror run %s failed: the database does not answer.", run.pk)
        return State.FAILED, {"error": _without_database(run)}
    except Exception:
        # The one broad net: a row must never stay “running” because of a fault of ours. RQ's time-outs are off here.
        logger.exception("Mirror run %s failed unexpectedly.", run.pk)
        return State.FAILED, {"error": _unexpected(run)}
    failed = sum(item.state == ItemState.FAILED for item in work.ledger.items)
    return (
        (State.FAILED, {"error": _items_failed(failed)})
        if failed
        else (State.SUCCEEDED, {"error": None})
    )


def _finish(work: Work, state: State | Parked, values: dict[str, Any]) -> None:
    run = work.run
    try:
        work.ledger.flush(force=True)
    except Cancelled:
        return
    work.phase = ""
    if isinstance(state, Parked):
        logger.info("Mirror run %s waits until %s.", run.pk, state.until)
        run.park(state.until, state.message, **work.values())
        return
    logger.info("Mirror run %s: %s.", run.pk, state.value)
    with transaction.atomic():
        if not run.finish(state, **work.values(), **values) or run.is_plan:
            return
        if not run.is_staging:
            _keep_in_rule(run, state)
        if run.target_registry is not None and work.mover is not None:
            look_soon(run.target_registry)
        if state != State.CANCELLED:
            record(
                _ENDS[run.is_staging, state],
                obj=run,
                name=run.mirror.name,
                trigger=str(run.trigger),
            )


def _keep_in_rule(run: MirrorRun, state: State) -> None:
    kept: dict[str, Any] = {"last_run": run, "last_state": state}
    if state == State.SUCCEEDED:
        kept["last_success_at"] = timezone.now()
    Mirror.objects.filter(pk=run.mirror_id).update(**kept)


def _items_failed(count: int) -> dict[str, str]:
    return {
        "kind": "ItemsFailed",
        "message": ngettext("%(count)d tag failed.", "%(count)d tags failed.", count)
        % {"count": count},
        "advice": _("All others are done. Each says below why it failed; then retry what failed."),
    }


def _without_database(run: MirrorRun) -> dict[str, str]:
    return {
        "kind": "DatabaseFailed",
        "message": _("The database of Registry UI did not answer in time."),
        "advice": _(
            "Run it again: what has arrived is not sent again. If it happens again, look for %(id)s in the worker's log."
        )
        % {"id": run.pk},
    }


def _unexpected(run: MirrorRun) -> dict[str, str]:
    return {
        "kind": "Unexpected",
        "message": _("Something went wrong inside Registry UI itself."),
        "advice": _("Run it again; if it happens again, look for %(id)s in the worker's log.")
        % {"id": run.pk},
    }
