import uuid
from typing import Any, Self

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from registry_ui.accounts.models import ActorKind, Team, TeamOwnedQuerySet
from registry_ui.accounts.trail import Origin


class State(models.TextChoices):
    QUEUED = "queued", _("Queued")
    RUNNING = "running", _("Running")
    SUCCEEDED = "succeeded", _("Succeeded")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


TERMINAL_STATES = frozenset({State.SUCCEEDED, State.FAILED, State.CANCELLED})
ACTIVE_STATES = frozenset({State.QUEUED, State.RUNNING})


class JobQuerySet(TeamOwnedQuerySet):
    def active(self) -> Self:
        return self.filter(state__in=ACTIVE_STATES)

    def finished(self) -> Self:
        return self.filter(state__in=TERMINAL_STATES)


class Job(models.Model):
    """A row that a worker brings to an end state. The row is the truth; its id is the RQ job's id too.

    A worker claims it (queued → running) by a conditional update that sets `claim`; from then on every write of that run
    is conditional on the same claim, so a worker that was taken for dead cannot overwrite its successor.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="%(class)ss")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="%(class)ss"
    )
    # The user's name when it was made; empty for the command line and the scheduler. A name without a user is a person who
    # was removed.
    requested_by = models.CharField(max_length=150, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    # {"message": "…", "advice": "…", "kind": "Unauthorized"}; never a secret
    error = models.JSONField(null=True, blank=True)
    attempt = models.PositiveSmallIntegerField(default=0)
    claim = models.UUIDField(null=True, blank=True)
    worker = models.CharField(max_length=100, blank=True)
    cancel_requested_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    queued_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        abstract = True

    @property
    def is_terminal(self) -> bool:
        return self.state in TERMINAL_STATES

    @property
    def words(self) -> str:
        """For the log: what it does, in a few words without a secret."""
        return str(self)

    @classmethod
    def claim_for_run(cls, pk: uuid.UUID, worker: str) -> Self | None:
        """Queued → running for one worker; None where somebody else won or it is queued no more."""
        now = timezone.now()
        changed = cls._default_manager.filter(pk=pk, state=State.QUEUED).update(
            state=State.RUNNING,
            claim=uuid.uuid4(),
            worker=worker[:100],
            started_at=now,
            heartbeat_at=now,
            attempt=models.F("attempt") + 1,
        )
        return cls._default_manager.get(pk=pk) if changed else None  # type: ignore[return-value]

    def record(self, **values: Any) -> bool:
        """Write progress of this run; False where the row is no longer this run's."""
        values["heartbeat_at"] = timezone.now()
        return bool(
            type(self)
            ._default_manager.filter(pk=self.pk, claim=self.claim, state=State.RUNNING)
            .update(**values)
        )

    def finish(self, state: State, **values: Any) -> bool:
        """Running → an end state; False where the row is no longer this run's."""
        with transaction.atomic():
            is_mine = self.record(state=state, finished_at=timezone.now(), **values)
            if is_mine:
                self.note_end()
        return is_mine

    def note_end(self) -> None:
        """Called once the row is in an end state, in the same transaction: for what the trail should know of it."""

    @property
    def origin(self) -> Origin:
        """How the trail names who works: this program, for whoever asked for it."""
        kind = ActorKind.SYSTEM if self.requested_by else ActorKind.COMMAND_LINE
        return Origin(kind, user=self.user, name=self.requested_by)
