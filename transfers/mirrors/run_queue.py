"""The queue of mirror runs, in which teams take turns.

It is separate, so that a run of hours does not delay a pull.
"""

import logging
import uuid

from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from redis.exceptions import RedisError

from registry_ui.jobs.models import Job
from registry_ui.jobs.queues import JobQueue, worker_name

from ..models import State
from .models import MirrorRun

logger = logging.getLogger(__name__)

_CLAIM_ATTEMPTS = 10
_FAILURE_TTL = 7 * 24 * 3600


class FairQueue(JobQueue):
    """A queue whose jobs are not bound to a row.

    Each job runs one of the rows that wait when it starts.
    """

    def enqueue(self, row: Job) -> bool:
        MirrorRun.objects.filter(pk=row.pk, state=State.QUEUED).update(queued_at=timezone.now())
        try:
            # Redis keeps a failed job for a week for diagnosis; the row has the result.
            self.rq.enqueue_call(
                self.function,
                args=(str(row.pk),),
                timeout=-1,
                result_ttl=0,
                failure_ttl=_FAILURE_TTL,
                description=f"{self.name} {row.pk}",
            )
        except RedisError:
            logger.warning("Mirror run %s waits: the queue does not answer.", row.pk)
            return False

        return True

    def delete_rq_job(self, pk: uuid.UUID) -> None:
        """Do nothing: a surplus job finds no row to run."""

    def queued_ids(self) -> set[str]:
        """Return the rows that the queued jobs will run: the first that wait."""
        rows = _ready_runs().order_by("queued_at").values_list("pk", flat=True)
        return {str(pk) for pk in rows[: self.rq.count]}


MIRROR_RUNS = FairQueue("mirrors", "transfers.mirrors.jobs.run_mirror", MirrorRun)


def claim_next(run_id: uuid.UUID) -> MirrorRun | None:
    """Claim the run to execute now; None where none waits.

    A queued job is the right to run one of the waiting rows, not a certain one. The team with the
    fewest active runs comes first, then the row that has waited longest. So a team that starts a
    hundred runs does not delay the others. The job of the selected run later takes another one.
    """
    for _attempt in range(_CLAIM_ATTEMPTS):
        selected = _next_in_turn()
        if selected is None:
            return None
        claimed = MirrorRun.claim_for_run(selected, worker_name())
        if claimed is not None:
            return claimed

    # Other workers were faster each time: try the row that this job was queued for.
    return MirrorRun.claim_for_run(run_id, worker_name())


def _next_in_turn() -> uuid.UUID | None:
    # Two queries and a sort, because a team may have no running row at all.
    waiting = list(_ready_runs().order_by("queued_at").values_list("pk", "team"))
    running = (
        MirrorRun.objects.filter(state=State.RUNNING)
        .order_by()
        .values("team")
        .annotate(count=Count("pk"))
    )
    counts = {row["team"]: row["count"] for row in running}

    # The sort is stable: within a team the row that has waited longest comes first.
    ordered = sorted(waiting, key=lambda row: counts.get(row[1], 0))

    return ordered[0][0] if ordered else None


def _ready_runs() -> QuerySet[MirrorRun]:
    """Return the runs that wait for a worker only."""
    return MirrorRun.objects.filter(
        Q(postponed_until=None) | Q(postponed_until__lte=timezone.now()), state=State.QUEUED
    )
