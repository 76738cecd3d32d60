"""The functions that RQ calls. A job carries only the id of a row."""

import uuid

from registry_ui.jobs.queueing import worker_name

from .mirrors.queueing import claim_next
from .mirrors.running import run as run_claimed_mirror
from .models import Notice, Transfer
from .notices.running import send
from .running import run


def run_transfer(transfer_id: str) -> None:
    """Run a queued transfer, unless another worker has claimed it or it is cancelled."""
    # RQ can deliver a job twice, and the reconciler can enqueue it again: one claim succeeds.
    transfer = Transfer.claim_for_run(uuid.UUID(transfer_id), worker_name())
    if transfer is not None:
        run(transfer)


def run_mirror(run_id: str) -> None:
    """Run one of the waiting mirror runs; `claim_next` decides which one."""
    # Not always the run of this job: another team's run may be due first.
    claimed = claim_next(uuid.UUID(run_id))
    if claimed is not None:
        run_claimed_mirror(claimed)


def send_notice(notice_id: str) -> None:
    """Send a queued notice, unless another worker has claimed it."""
    notice = Notice.claim_for_run(uuid.UUID(notice_id), worker_name())
    if notice is not None:
        send(notice)
