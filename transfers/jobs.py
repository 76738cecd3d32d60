"""The function that RQ calls. A job carries only the id of a row."""

import uuid

from registry_ui.jobs.queues import worker_name

from .models import Transfer
from .runner import run


def run_transfer(transfer_id: str) -> None:
    """Run a queued transfer, unless another worker has claimed it or it is cancelled."""
    # RQ can deliver a job twice, and the reconciler can enqueue it again: one claim succeeds.
    transfer = Transfer.claim_for_run(uuid.UUID(transfer_id), worker_name())
    if transfer is not None:
        run(transfer)
