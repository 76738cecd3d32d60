"""The function that RQ calls with the id of an index run."""

import uuid

from registry_ui.jobs.queues import worker_name

from .indexing.run_execution import run
from .models import IndexRun


def run_index(run_id: str) -> None:
    """Run one queued index run to an end state.

    A row that another worker claimed, or that was cancelled, is left alone.
    """
    # RQ may deliver a job twice, and the reconciler may queue it again: the row decides.
    claimed = IndexRun.claim_for_run(uuid.UUID(run_id), worker_name())
    if claimed is not None:
        run(claimed)
