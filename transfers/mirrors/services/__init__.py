"""The operations on mirrors for pages, commands and schedules."""

from registry_ui.jobs import runner

from ..models import MirrorRun
from ..run_queue import MIRROR_RUNS
from .due_mirrors import pause_mirror, resume_mirror
from .mirrors import (
    MIRROR_FIELDS,
    MirrorInvalid,
    change_mirror,
    check_mirror,
    create_mirror,
    remove_mirror,
)
from .runs import (
    MirrorBusy,
    cancel_run,
    retry_failed,
    run_plan,
    start_local_pull,
    start_plan,
    start_run,
    sync_items,
)

__all__ = [
    "MIRROR_FIELDS",
    "MirrorBusy",
    "MirrorInvalid",
    "cancel_run",
    "change_mirror",
    "check_mirror",
    "create_mirror",
    "pause_mirror",
    "remove_mirror",
    "resume_mirror",
    "retry_failed",
    "run_in_process",
    "run_plan",
    "start_local_pull",
    "start_plan",
    "start_run",
    "sync_items",
]


def run_in_process(queued: MirrorRun) -> MirrorRun:
    """Execute a queued run in this process and return its row afterwards."""
    return runner.run_in_process(MIRROR_RUNS, queued)
