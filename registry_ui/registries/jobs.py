"""What RQ calls. Nothing but ids comes in; the row says the rest."""

import uuid

from registry_ui.jobs.queueing import worker_name

from .indexing.running import run
from .models import IndexRun


def run_index(run_id: str) -> None:
    """Run one queued look at a registry to an end state. A row that another worker took, or that was cancelled, is left alone."""
    claimed = IndexRun.claim_for_run(uuid.UUID(run_id), worker_name())
    if claimed is not None:
        run(claimed)
