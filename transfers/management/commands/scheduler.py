import logging
import signal
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import DatabaseError, close_old_connections
from redis.exceptions import RedisError

from registry_ui.accounts.models import ActorKind
from registry_ui.accounts.sealing import seal
from registry_ui.accounts.trail import Origin, acting
from registry_ui.images.archives.uploads import collect_uploads
from registry_ui.images.collecting import collect
from registry_ui.jobs.reconciling import reconcile
from registry_ui.oci.errors import OciError
from registry_ui.registries.indexing.pruning import drop_old_runs
from registry_ui.registries.indexing.services import start_due
from registry_ui.registries.queueing import INDEX_RUNS
from registry_ui.registries.services import check_overdue
from registry_ui.serving.chores import tidy
from transfers.mirrors.claiming import start_due as start_due_mirrors
from transfers.mirrors.pruning import drop_old_runs as drop_old_mirror_runs
from transfers.mirrors.pruning import settle_ended
from transfers.mirrors.queueing import MIRROR_RUNS
from transfers.notices.services import tell_of_ended_runs
from transfers.queueing import NOTICES, TRANSFERS

logger = logging.getLogger(__name__)

_SEAL_SECONDS = 5
_RECONCILE_SECONDS = 10
_CHECK_SECONDS = 60
_INDEX_SECONDS = 15
_MIRROR_SECONDS = 5
_CLEAN_SECONDS = 3600
_CHECK_AGE = timedelta(hours=1)


class Command(BaseCommand):
    help = "Keeps every job in a true state, looks at registries when it is time, and collects unused blobs. Several may run at once."

    def handle(self, *args: Any, **options: Any) -> None:
        ended = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: ended.set())
        # Each on a thread of its own: a registry that hangs must not keep a dead worker's transfer waiting.
        threads = [
            threading.Thread(
                target=_repeat, args=(act, seconds, ended), name=act.__name__, daemon=True
            )
            for act, seconds in (
                (_reconcile, _RECONCILE_SECONDS),
                (_seal_trail, _SEAL_SECONDS),
                (_start_index_runs, _INDEX_SECONDS),
                (_start_mirrors, _MIRROR_SECONDS),
                (_tell_of_mirrors, _MIRROR_SECONDS),
                (_check_registries, _CHECK_SECONDS),
                (_clean, _CLEAN_SECONDS),
            )
        ]
        for thread in threads:
            thread.start()
        ended.wait()
        threads[0].join(_RECONCILE_SECONDS)


def _repeat(act: Callable[[], None], seconds: float, ended: threading.Event) -> None:
    while True:
        close_old_connections()
        try:
            with acting(Origin(ActorKind.SYSTEM)):
                act()
        except (DatabaseError, RedisError, OciError, OSError):
            logger.exception(
                "%s failed; it is tried again in %d seconds.", act.__name__.strip("_"), seconds
            )
        if ended.wait(seconds):
            return


def _reconcile() -> None:
    for queue in (TRANSFERS, INDEX_RUNS, MIRROR_RUNS, NOTICES):
        reconcile(queue)
        queue.rq.started_job_registry.cleanup()
    settle_ended()


def _seal_trail() -> None:
    seal()


def _start_index_runs() -> None:
    start_due()


def _start_mirrors() -> None:
    start_due_mirrors()


def _tell_of_mirrors() -> None:
    tell_of_ended_runs()


def _check_registries() -> None:
    check_overdue(age=_CHECK_AGE, limit=20)


def _clean() -> None:
    call_command("clearsessions")
    collected = collect(grace_seconds=settings.COLLECT_GRACE_SECONDS)
    if collected.count:
        logger.info("Collected %d unused blobs, %d bytes.", collected.count, collected.bytes)
    collect_uploads()
    tidy()
    drop_old_runs()
    drop_old_mirror_runs()
