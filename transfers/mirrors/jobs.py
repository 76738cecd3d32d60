"""The functions that RQ calls. A job carries only the id of a row."""

import uuid

from registry_ui.jobs.queues import worker_name

from .models import Notice
from .notifications.delivery import send
from .run.executor import run
from .run_queue import claim_next


def run_mirror(run_id: str) -> None:
    """Run one of the waiting mirror runs; `claim_next` decides which one."""
    # Not always the run of this job: another team's run may be due first.
    claimed = claim_next(uuid.UUID(run_id))
    if claimed is not None:
        run(claimed)


def send_notice(notice_id: str) -> None:
    """Send a queued notice, unless another worker has claimed it."""
    notice = Notice.claim_for_run(uuid.UUID(notice_id), worker_name())
    if notice is not None:
        send(notice)
