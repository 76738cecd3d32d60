"""The function that RQ calls. A job carries only the id of a row."""

import uuid

from .run.executor import run
from .run_queue import claim_next


def run_mirror(run_id: str) -> None:
    """Run one of the waiting mirror runs; `claim_next` decides which one."""
    # Not always the run of this job: another team's run may be due first.
    claimed = claim_next(uuid.UUID(run_id))
    if claimed is not None:
        run(claimed)
