"""The queue that carries mirror runs: its own, so that a run of hours keeps no pull waiting. Teams take turns in it."""

import uuid

from django.db.models import Count, Q
from django.utils import timezone

from registry_ui.jobs.queueing import JobQueue, worker_name

from ..models import MirrorRun, State

MIRROR_RUNS = JobQueue("mirrors", "transfers.jobs.run_mirror", MirrorRun)
_TRIES = 10


def claim_next(run_id: uuid.UUID) -> MirrorRun | None:
    """The run to work on now, claimed; None where none waits.

    A job in the queue is the right to run one of those that wait, not this very one: the team of which the fewest run comes
    first, then who has waited longest. So a team that starts a hundred keeps no other from its turn. The job of the run that was
    taken comes later and takes what waits then.
    """
    for _attempt in range(_TRIES):
        chosen = _fairest()
        if chosen is None:
            return None
        claimed = MirrorRun.claim_for_run(chosen, worker_name())
        if claimed is not None:
            return claimed
    return MirrorRun.claim_for_run(run_id, worker_name())


def _fairest() -> uuid.UUID | None:
    ready = Q(parked_until=None) | Q(parked_until__lte=timezone.now())
    waiting = list(MirrorRun.objects.filter(ready, state=State.QUEUED).order_by("queued_at").values_list("pk", "team"))
    running = MirrorRun.objects.filter(state=State.RUNNING).order_by().values("team").annotate(count=Count("pk"))
    counts = {row["team"]: row["count"] for row in running}
    ordered = sorted(waiting, key=lambda row: counts.get(row[1], 0))  # stable: within equals, who has waited longest
    return ordered[0][0] if ordered else None
