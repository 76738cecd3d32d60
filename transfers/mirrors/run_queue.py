"""Mirror runs as a kind of background jobs, in which teams take turns.

Their queue is their own, so that a run of hours does not delay a pull.
"""

import logging
import uuid
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from redis.exceptions import RedisError

from registry_ui.accounts.audit.log import record
from registry_ui.accounts.models import Action, User
from registry_ui.jobs.kinds import JobKind
from registry_ui.jobs.worker_groups import RUN_FUNCTION
from registry_ui.oci.errors import StoredError

from ..models import State
from .models import MirrorRun

logger = logging.getLogger(__name__)

_CLAIM_ATTEMPTS = 10
_FAILURE_TTL = 7 * 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class FairJobKind(JobKind[MirrorRun]):
    """A kind whose RQ jobs are not bound to a row.

    Each RQ job runs one of the rows that wait when it starts.
    """

    def claim(self, pk: uuid.UUID, worker: str) -> MirrorRun | None:
        # Not always the run of this job: another team's run may be due first.
        return claim_next(pk, worker)

    def enqueue(self, row: MirrorRun) -> bool:
        MirrorRun.objects.filter(pk=row.pk, state=State.QUEUED).update(queued_at=timezone.now())
        try:
            # Redis keeps a failed job for a week for diagnosis; the row has the result.
            self.rq.enqueue_call(
                RUN_FUNCTION,
                args=(self.name, str(row.pk)),
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


def _describe(run: MirrorRun) -> str:
    parameters = {"name": run.mirror.name}
    if run.is_local_pull:
        return _("Images of the mirror “%(name)s”, brought here") % parameters
    if run.is_plan:
        return _("Plan of the mirror “%(name)s”") % parameters
    return _("Run of the mirror “%(name)s”") % parameters


def _record_ended(run: MirrorRun, by: User | None, reason: StoredError) -> None:
    record(Action.MIRROR_CANCELLED, user=by, obj=run, name=run.mirror.name, error=reason)


def _record_handed_over(run: MirrorRun, person: User, to: User) -> None:
    record(
        Action.MIRROR_HANDED_OVER,
        obj=run,
        name=run.mirror.name,
        was=person.get_username(),
        to=to.get_username(),
    )


# Runs of a schedule or a webhook have no user: they belong to the team and stay.
MIRROR_RUNS = FairJobKind(
    name="mirrors",
    model=MirrorRun,
    run_class="transfers.mirrors.run.executor.MirrorJobRun",
    describe=_describe,
    url=lambda run: reverse("mirrors:run", args=[run.pk]),
    record_ended=_record_ended,
    record_handed_over=_record_handed_over,
)


def claim_next(run_id: uuid.UUID, worker: str) -> MirrorRun | None:
    """Claim the run to execute now; None where none waits.

    A queued job is the right to run one of the waiting rows, not a certain one. The team with the
    fewest active runs comes first, then the row that has waited longest. So a team that starts a
    hundred runs does not delay the others. The job of the selected run later takes another one.
    """
    for _attempt in range(_CLAIM_ATTEMPTS):
        selected = _next_in_turn()
        if selected is None:
            return None
        claimed = MirrorRun.claim_for_run(selected, worker)
        if claimed is not None:
            return claimed

    # Other workers were faster each time: try the row that this job was queued for.
    return MirrorRun.claim_for_run(run_id, worker)


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
