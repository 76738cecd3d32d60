"""Helpers of the fault tests: hold a run in a phase, kill a worker, and recover from it."""

import fcntl
import json
import os
import signal
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape

from registry_ui.images.models import LocalImage
from registry_ui.jobs.reconciler import HEARTBEAT_TIMEOUT, QUEUE_LIMIT, reconcile
from registry_ui.web.errors import describe
from tests.parts.processes import is_running, wait_until
from transfers.models import State, Transfer
from transfers.queues import TRANSFERS

CANARY = "canary-secret-4711"


def reference_via(line, image):
    """Return an image's reference through a line to its registry."""
    return f"{line.host}/{image.repository}:{image.tag}"


def times_fetched(line, image):
    """Return how often each layer was fetched through a line.

    A config does not count, because the index reads it too.
    """
    return [line.count("GET", digest) for digest in image.layers]


def phase_of(transfer):
    return Transfer.objects.get(pk=transfer.pk).progress.get("phase")


def layers_done(transfer):
    progress = Transfer.objects.get(pk=transfer.pk).progress
    return [layer["digest"] for layer in progress.get("layers", []) if layer["state"] == "done"]


def wait_for_end(transfer, seconds=30):
    """Wait for the end state and return the row."""
    wait_until(
        lambda: Transfer.objects.get(pk=transfer.pk).is_terminal,
        seconds=seconds,
        what="the end of the transfer",
    )
    return Transfer.objects.get(pk=transfer.pk)


@contextmanager
def manifest_held(images_directory, team, digest):
    """Block the storing of manifests, so that a pull stops before its last step."""
    folder = images_directory / "partial" / str(team.pk)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(folder / digest.replace(":", "-"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def kill(worker):
    """Kill a worker and its work horse with SIGKILL."""
    horses = children_of(worker.pid)
    worker.kill()
    wait_until(lambda: not any(map(is_running, horses)), what="the death of the work horse")


def children_of(pid):
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def kill_work_horse(worker):
    for horse in children_of(worker.pid):
        os.kill(horse, signal.SIGKILL)


def expire_heartbeat(transfer):
    """Age the row until the reconciler takes its worker for dead."""
    row = Transfer.objects.filter(pk=transfer.pk)
    age = HEARTBEAT_TIMEOUT if row.get().state == State.RUNNING else QUEUE_LIMIT
    heartbeat_at = timezone.now() - age - timedelta(seconds=1)
    row.update(heartbeat_at=heartbeat_at, queued_at=heartbeat_at)


def recover(transfer):
    """Reconcile as the scheduler does, and return the row in its end state."""
    expire_heartbeat(transfer)
    assert reconcile(TRANSFERS).requeued == 1
    return wait_for_end(transfer)


def check_named(team, image):
    assert LocalImage.objects.get(team=team).image_id == image.config


def check_error(transfer, client):
    """Check that row and page have a message and advice, without internals and without a secret."""
    message, advice = describe(transfer.error).sentence, describe(transfer.error).advice
    assert message.endswith(".")
    assert advice.endswith((".", ")", "?"))
    page = client.get(reverse("transfers:detail", args=[transfer.pk])).content.decode()
    assert escape(message) in page
    assert escape(advice) in page
    report = json.dumps([transfer.error, transfer.progress]) + page
    for word in ("Traceback", 'File "', "Error(", "Exception", "urllib3", CANARY):
        assert word not in report
    assert transfer.error["kind"] != "Unexpected"
