import logging
import signal
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import close_old_connections

from registry_ui.accounts.audit.chain import seal
from registry_ui.accounts.audit.log import Origin, acting_as
from registry_ui.accounts.models import ActorKind
from registry_ui.catalog.index_queue import INDEX_RUNS
from registry_ui.catalog.indexing.index_services import start_due_index_runs
from registry_ui.catalog.indexing.retention import delete_old_index_runs
from registry_ui.credentials.services import check_overdue
from registry_ui.images.archives.archive_uploads import collect_uploads
from registry_ui.images.garbage_collection import collect
from registry_ui.jobs.reconciler import reconcile
from registry_ui.notifications.queue import NOTICES
from registry_ui.notifications.services import delete_old_notices
from registry_ui.serving.maintenance import run_maintenance
from transfers.mirrors.notices import notify_ended_runs
from transfers.mirrors.run_queue import MIRROR_RUNS
from transfers.mirrors.services.due_mirrors import start_due_mirrors
from transfers.mirrors.services.retention import delete_old_runs as delete_old_mirror_runs
from transfers.mirrors.services.retention import record_reconciled_runs
from transfers.queues import TRANSFERS

logger = logging.getLogger(__name__)

_SEAL_SECONDS = 5
_RECONCILE_SECONDS = 10
_CHECK_SECONDS = 60
_INDEX_SECONDS = 15
_MIRROR_SECONDS = 5
_CLEAN_SECONDS = 3600
_CHECK_AGE = timedelta(hours=1)


class Command(BaseCommand):
    help = (
        "Keeps every job in a true state, looks at registries when it is time, and collects "
        "unused blobs. Several may run at once."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        stopping = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())

        # One thread each: a registry that does not answer must not delay the reconciler.
        threads = [
            threading.Thread(
                target=_repeat, args=(task, seconds, stopping), name=task.__name__, daemon=True
            )
            for task, seconds in (
                (_reconcile, _RECONCILE_SECONDS),
                (_seal_audit_log, _SEAL_SECONDS),
                (_start_index_runs, _INDEX_SECONDS),
                (_start_mirrors, _MIRROR_SECONDS),
                (_notify_of_mirrors, _MIRROR_SECONDS),
                (_check_registries, _CHECK_SECONDS),
                (_clean, _CLEAN_SECONDS),
            )
        ]
        for thread in threads:
            thread.start()
        stopping.wait()
        # The other threads are daemons and can be interrupted: their tasks are repeatable.
        threads[0].join(_RECONCILE_SECONDS)


def _repeat(task: Callable[[], None], seconds: float, stopping: threading.Event) -> None:
    while True:
        # The database may have closed the connection since the last round.
        close_old_connections()
        try:
            with acting_as(Origin(ActorKind.SYSTEM)):
                task()
        # Everything is caught: a task that a bug or a bad row stops must not stop for good.
        except Exception:
            logger.exception(
                "%s failed; it is tried again in %d seconds.", task.__name__.strip("_"), seconds
            )
        if stopping.wait(seconds):
            return


def _reconcile() -> None:
    for queue in (TRANSFERS, INDEX_RUNS, MIRROR_RUNS, NOTICES):
        reconcile(queue)
        # RQ keeps the jobs of dead workers in this registry until somebody cleans it up.
        queue.rq.started_job_registry.cleanup()
    record_reconciled_runs()


def _seal_audit_log() -> None:
    seal()


def _start_index_runs() -> None:
    start_due_index_runs()


def _start_mirrors() -> None:
    start_due_mirrors()


def _notify_of_mirrors() -> None:
    notify_ended_runs()


def _check_registries() -> None:
    check_overdue(age=_CHECK_AGE, limit=20)


def _clean() -> None:
    call_command("clearsessions")
    collected = collect(grace_seconds=settings.COLLECT_GRACE_SECONDS)
    if collected.count:
        logger.info("Collected %d unused blobs, %d bytes.", collected.count, collected.bytes)
    collect_uploads()
    run_maintenance()
    delete_old_index_runs()
    delete_old_mirror_runs()
    delete_old_notices()
