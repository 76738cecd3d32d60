import logging
import signal
import threading
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import DatabaseError, close_old_connections
from redis.exceptions import RedisError

from registry_ui.images.collecting import collect
from registry_ui.oci.errors import OciError
from transfers.queueing import queue
from transfers.reconciler import reconcile

logger = logging.getLogger(__name__)

_TICK_SECONDS = 10
_COLLECT_SECONDS = 3600


class Command(BaseCommand):
    help = "Keeps every transfer in a true state and collects unused blobs. Several may run at once."

    def handle(self, *args: Any, **options: Any) -> None:
        ended = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: ended.set())
        since_collection = 0
        while not ended.is_set():
            _tick()
            since_collection += _TICK_SECONDS
            if since_collection >= _COLLECT_SECONDS:
                since_collection = 0
                _collect()
            ended.wait(_TICK_SECONDS)


def _tick() -> None:
    close_old_connections()
    try:
        reconcile()
        queue().started_job_registry.cleanup()
    except (DatabaseError, RedisError) as exc:
        logger.warning("The scheduler waits: %s", exc)


def _collect() -> None:
    try:
        collected = collect(grace_seconds=settings.COLLECT_GRACE_SECONDS)
    except (DatabaseError, OSError, OciError):
        logger.exception("Unused blobs could not be collected.")
        return
    if collected.count:
        logger.info("Collected %d unused blobs, %d bytes.", collected.count, collected.bytes)
