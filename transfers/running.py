"""One transfer from claimed to an end state. Rights and credentials are looked up again here: what was true when it was
queued may not be true now."""

import logging

from django.db import DatabaseError, InterfaceError, OperationalError
from django.utils.translation import gettext as _

from registry_ui.jobs.reporting import Reporter
from registry_ui.jobs.rights import check_person
from registry_ui.oci.errors import (
    Cancelled,
    Denied,
    OciError,
    RepositoryUnknown,
    TlsFailed,
    Unauthorized,
)
from registry_ui.oci.progress import Progress
from registry_ui.oci.reference import Reference
from registry_ui.oci.store import Cancellation
from registry_ui.registries.indexing.services import observe
from registry_ui.registries.services import lost_share

from .acts import engines
from .acts.copying import copy
from .acts.deleting import delete
from .acts.importing import import_archive
from .acts.pulling import pull
from .acts.pushing import publish, push
from .acts.run import Act, Run
from .acts.tagging import tag
from .models import Kind, State, Transfer
from .steps import Steps

logger = logging.getLogger(__name__)

_ACTS: dict[Kind, Act] = {
    Kind.PULL: pull,
    Kind.TAG: tag,
    Kind.PUSH: push,
    Kind.PUBLISH: publish,
    Kind.COPY: copy,
    Kind.DELETE: delete,
    Kind.IMPORT: import_archive,
}
_ACTS_AT_AN_ENGINE: dict[Kind, Act] = {
    Kind.PULL: engines.pull,
    Kind.TAG: engines.tag,
    Kind.PUSH: engines.push,
    Kind.PUBLISH: engines.publish,
    Kind.LOAD: engines.load,
    Kind.SAVE: engines.save,
}


def run(transfer: Transfer) -> None:
    """Run a claimed transfer; whatever happens, the row ends in an end state, or is another run's by then."""
    run = Run(transfer, Progress(), Steps.of(transfer), Cancellation())
    reporter = Reporter(transfer, run.values, run.cancellation)
    logger.info(
        "Transfer %s: %s %s begins (attempt %d).",
        transfer.pk,
        transfer.kind,
        transfer.target,
        transfer.attempt,
    )
    with reporter:
        state, values = _attempt(run)
    logger.info("Transfer %s: %s.", transfer.pk, state.value)
    if reporter.lost:
        logger.warning("Transfer %s was taken over by another worker.", transfer.pk)
        return
    if state is not State.SUCCEEDED:
        run.progress.fail_unfinished()
        run.steps.fail_running()
    try:
        transfer.finish(state, **run.values(), **values)
    except DatabaseError:
        # The row stays “running” without a heartbeat, and the reconciler brings it to its end.
        logger.exception("Transfer %s: its end could not be written.", transfer.pk)
        return
    if state is State.SUCCEEDED and transfer.kind != Kind.DELETE:
        _tell_index(transfer)


def _attempt(run: Run) -> tuple[State, dict[str, object]]:
    try:
        check_person(run.transfer, run.transfer.wanted_role)
        acts = _ACTS_AT_AN_ENGINE if run.transfer.engine else _ACTS
        result = acts[Kind(run.transfer.kind)](run)
    except Cancelled:
        return State.CANCELLED, {}
    except OciError as exc:
        logger.info("Transfer %s failed: %s", run.transfer.pk, exc.message)
        return State.FAILED, {"error": describe(exc, lost=_lost_login(run.transfer, exc))}
    except (OperationalError, InterfaceError):
        logger.exception("Transfer %s failed: the database does not answer.", run.transfer.pk)
        return State.FAILED, {"error": _without_database(run.transfer)}
    except Exception:
        # The one broad net: a row must never stay “running” because of a fault of ours. RQ's time-outs are off here.
        logger.exception("Transfer %s failed unexpectedly.", run.transfer.pk)
        return State.FAILED, {"error": _unexpected(run.transfer)}
    if result is None:
        return State.SUCCEEDED, {
            "digest": str(run.transfer.options.get("digest") or ""),
            "error": None,
        }
    return State.SUCCEEDED, {"digest": str(result.digest), "size": result.size, "error": None}


def describe(exc: OciError, lost: str = "") -> dict[str, str]:
    """The row's `error`."""
    return {
        "kind": type(exc).__name__,
        "message": f"{lost} {exc.message}".strip(),
        "advice": exc.advice,
    }


def _lost_login(transfer: Transfer, exc: OciError) -> str:
    """Why a transfer had no login where one was asked for, or not the connection that goes with it, if another team's would have
    served it until lately."""
    if not isinstance(exc, Unauthorized | Denied | RepositoryUnknown | TlsFailed):
        return ""
    ends = []
    if not transfer.source_is_local and transfer.source_credential is None:
        ends.append(transfer.source)
    if not transfer.target_is_local and transfer.target_credential is None:
        ends.append(transfer.target)
    return next(
        (lost for end in ends if (lost := lost_share(transfer.team, Reference.parse(end)))), ""
    )


def _without_database(transfer: Transfer) -> dict[str, str]:
    return {
        "kind": "DatabaseFailed",
        "message": _("The database of Registry UI did not answer in time."),
        "advice": _(
            "Retry: what has arrived is not sent again. If it happens again, look for %(id)s in the worker's log."
        )
        % {"id": transfer.pk},
    }


def _unexpected(transfer: Transfer) -> dict[str, str]:
    return {
        "kind": "Unexpected",
        "message": _("Something went wrong inside Registry UI itself."),
        "advice": _("Retry; if it happens again, look for %(id)s in the worker's log.")
        % {"id": transfer.pk},
    }


def _tell_index(transfer: Transfer) -> None:
    """So that its pages show the new tag at once. The row has ended by now, so nobody waits for this."""
    ends = [] if transfer.source_is_local else [transfer.source]
    ends += [] if transfer.target_is_local else [transfer.target]
    for end in dict.fromkeys(ends):
        observe(team=transfer.team, reference=Reference.parse(end), user=transfer.user)
