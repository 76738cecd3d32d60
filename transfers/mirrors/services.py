"""The verbs on mirrors: what pages, commands and schedules call."""

from registry_ui.jobs.queueing import worker_name

from ..models import MirrorRun
from .claiming import pause_mirror, resume_mirror
from .rules import (
    MIRROR_FIELDS,
    MirrorInvalid,
    change_mirror,
    check_mirror,
    create_mirror,
    remove_mirror,
)
from .running import run
from .starting import (
    MirrorBusy,
    cancel_run,
    retry_failed,
    run_plan,
    start_plan,
    start_run,
    start_staging,
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
    "run_here",
    "run_plan",
    "start_plan",
    "start_run",
    "start_staging",
    "sync_items",
]


def run_here(queued: MirrorRun) -> MirrorRun:
    """Run a queued run in this process, to its end, and return its row as it is then."""
    claimed = MirrorRun.claim_for_run(queued.pk, worker_name())
    if claimed is not None:
        run(claimed)
    return MirrorRun.objects.get(pk=queued.pk)
