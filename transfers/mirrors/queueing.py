"""The queue that carries mirror runs: its own, so that a run of hours keeps no pull waiting. Teams take turns in it."""

import logging
import uuid

from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from redis.exceptions import RedisError

from registry_ui.jobs.models import Job
from registry_ui.jobs.queueing import JobQueue, worker_name

from ..models import MirrorRun, State

logger = logging.getLogger(__name__)

_TRIES = 10
_FAILURE_TTL = 7 * 24 * 3600


class TurnQueue(JobQueue):
    """A queue whose jobs are turns: each runs one of the rows that wait then, so none belongs to a row."""

    def enqueue(self, row: Job) -> bool:
        MirrorRun.objects.filter(pk=row.pk, state=State.QUEUED).update(queued_at=timezone.now())
        try:
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

    def forget(self, pk: uuid.UUID) -> None:
        """A turn that is left over finds nothing to run."""

    def waiting_ids(self) -> set[str]:
        """The rows for which there are turns: the first that wait, as many as there are jobs."""
        rows = _ready().order_by("queued_at").values_list("pk", flat=True)
        return {str(pk) for pk in rows[: self.rq.count]}


MIRROR_RUNS = TurnQueue("mirrors", "transfers.jobs.run_mirror", MirrorRun)


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
    waiting = list(_ready().order_by("queued_at").values_list("pk", "team"))
    running = (
        MirrorRun.objects.filter(state=State.RUNNING)
        .order_by()
        .values("team")
        .annotate(count=Count("pk"))
    )
    counts = {row["team"]: row["count"] for row in running}
    ordered = sorted(
        waiting, key=lambda row: counts.get(row[1], 0)
    )  # stable: within equals, who has waited longest
    return ordered[0][0] if ordered else None


def _ready() -> QuerySet[MirrorRun]:
    """Those that wait for nothing but a worker."""
    return MirrorRun.objects.filter(
        Q(parked_until=None) | Q(parked_until__lte=timezone.now()), state=State.QUEUED
    )
