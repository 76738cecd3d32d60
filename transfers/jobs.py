"""What RQ calls. Nothing but ids comes in; the row says the rest."""

import uuid

from registry_ui.jobs.queueing import worker_name

from .mirrors.queueing import claim_next
from .mirrors.running import run as run_claimed_mirror
from .models import Notice, Transfer
from .notices.running import send
from .running import run


def run_transfer(transfer_id: str) -> None:
    """Run one queued transfer to an end state. A row that another worker took, or that was cancelled, is left alone."""
    transfer = Transfer.claim_for_run(uuid.UUID(transfer_id), worker_name())
    if transfer is not None:
        run(transfer)


def run_mirror(run_id: str) -> None:
    """Run one of the mirror runs that wait: see `claim_next`."""
    claimed = claim_next(uuid.UUID(run_id))
    if claimed is not None:
        run_claimed_mirror(claimed)


def send_notice(notice_id: str) -> None:
    """Send one queued notice, once. A row that another worker took is left alone."""
    notice = Notice.claim_for_run(uuid.UUID(notice_id), worker_name())
    if notice is not None:
        send(notice)
