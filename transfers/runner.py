"""The run of a claimed transfer to its end state.

Permissions and credentials are checked again: they may have changed while it was queued.
"""

import logging

from django.db import DatabaseError, InterfaceError, OperationalError
from django.utils.translation import gettext as _

from registry_ui.catalog.indexing.index_services import record_image_use
from registry_ui.credentials.services import lost_share_reason
from registry_ui.jobs.reporter import Reporter
from registry_ui.jobs.rights import check_requester
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

logger = logging.getLogger(__name__)

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


def run(transfer: Transfer) -> None:
    """Run a claimed transfer, and write its end state if no other worker has claimed it."""
    run = TransferRun(transfer, Progress(), Steps.of(transfer), Cancellation())
    # Writes the progress and the heartbeat, and requests the cancellation that the row asks for.
    reporter = Reporter(transfer, run.values, run.cancellation)
    logger.info(
        "Transfer %s: %s %s begins (attempt %d).",
        transfer.pk,
        transfer.kind,
        transfer.target,
        transfer.attempt,
    )

    with reporter:
        state, values = _execute(run)
    logger.info("Transfer %s: %s.", transfer.pk, state.value)

    if reporter.has_lost_claim:
        logger.warning("Transfer %s was taken over by another worker.", transfer.pk)
        return
    # What had begun must not look as if it still ran.
    if state is not State.SUCCEEDED:
        run.progress.fail_unfinished()
        run.steps.fail_running()
    try:
        transfer.finish(state, **run.values(), **values)
    except DatabaseError:
        # The row stays “running” without a heartbeat, so the reconciler ends or queues it.
        logger.exception("Transfer %s: its end could not be written.", transfer.pk)
        return

    # After the end, so that nobody waits for it; a deletion updates the index itself.
    if state is State.SUCCEEDED and transfer.kind != Kind.DELETE:
        _update_index(transfer)


def _execute(run: TransferRun) -> tuple[State, dict[str, object]]:
    try:
        # The person may have lost the role, or the account, while the transfer was queued.
        check_requester(run.transfer, run.transfer.required_role)
        executors = _ENGINE_EXECUTORS if run.transfer.engine else _EXECUTORS
        result = executors[Kind(run.transfer.kind)](run)
    except Cancelled:
        return State.CANCELLED, {}
    except OciError as exc:
        logger.info("Transfer %s failed: %s", run.transfer.pk, exc.message)
        return State.FAILED, {"error": describe(exc, lost=_lost_share(run.transfer, exc))}
    except (OperationalError, InterfaceError):
        logger.exception("Transfer %s failed: the database does not answer.", run.transfer.pk)
        return State.FAILED, {"error": _database_error(run.transfer)}
    except Exception:
        # A bug must not leave the row “running”: RQ's own timeout is disabled for these jobs.
        logger.exception("Transfer %s failed unexpectedly.", run.transfer.pk)
        return State.FAILED, {"error": _unexpected_error(run.transfer)}

    # A deletion that finds nothing keeps the digest that the user saw.
    if result is None:
        return State.SUCCEEDED, {
            "digest": str(run.transfer.options.get("digest") or ""),
            "error": None,
        }
    return State.SUCCEEDED, {"digest": str(result.digest), "size": result.size, "error": None}


def describe(exc: OciError, lost: str = "") -> dict[str, str]:
    """Return the row's `error`."""
    return {
        "kind": type(exc).__name__,
        "message": f"{lost} {exc.message}".strip(),
        "advice": exc.advice,
    }


def _lost_share(transfer: Transfer, exc: OciError) -> str:
    """Return a message if the failure can come from a shared credential that was withdrawn."""
    # A shared credential also brings its registry's TLS settings.
    if not isinstance(exc, Unauthorized | Denied | RepositoryUnknown | TlsFailed):
        return ""

    anonymous = []
    if not transfer.source_is_local and transfer.source_credential is None:
        anonymous.append(Reference.parse(transfer.source))
    if not transfer.target_is_local and transfer.target_credential is None:
        anonymous.append(Reference.parse(transfer.target))
    reasons = (lost_share_reason(transfer.team, reference) for reference in anonymous)
    return next(filter(None, reasons), "")


def _database_error(transfer: Transfer) -> dict[str, str]:
    return {
        "kind": "DatabaseFailed",
        "message": _("The database of Registry UI did not answer in time."),
        "advice": _(
            "Retry: what has arrived is not sent again. If it happens again, look for %(id)s in "
            "the worker's log."
        )
        % {"id": transfer.pk},
    }


def _unexpected_error(transfer: Transfer) -> dict[str, str]:
    return {
        "kind": "Unexpected",
        "message": _("Something went wrong inside Registry UI itself."),
        "advice": _("Retry; if it happens again, look for %(id)s in the worker's log.")
        % {"id": transfer.pk},
    }


def _update_index(transfer: Transfer) -> None:
    """Index the transferred tags, so that their pages show them at once."""
    names = [] if transfer.source_is_local else [transfer.source]
    names += [] if transfer.target_is_local else [transfer.target]
    for name in dict.fromkeys(names):
        record_image_use(team=transfer.team, reference=Reference.parse(name), user=transfer.user)
