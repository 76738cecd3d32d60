import uuid
from typing import Any, Self, TypeVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from registry_ui.accounts.audit.log import Origin
from registry_ui.accounts.models import ActorKind, Team, TeamOwnedQuerySet


class State(models.TextChoices):
    QUEUED = "queued", _("Queued")
    RUNNING = "running", _("Running")
    SUCCEEDED = "succeeded", _("Succeeded")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


# A terminal row never changes its state again; a retry is a new row.
TERMINAL_STATES = frozenset({State.SUCCEEDED, State.FAILED, State.CANCELLED})
ACTIVE_STATES = frozenset({State.QUEUED, State.RUNNING})


M = TypeVar("M", bound=models.Model, covariant=True)


class JobQuerySet(TeamOwnedQuerySet[M]):
    def active(self) -> Self:
        return self.filter(state__in=ACTIVE_STATES)

    def finished(self) -> Self:
        return self.filter(state__in=TERMINAL_STATES)


class Job(models.Model):
    """A row that a worker brings to an end state. Its id is also the id of the RQ job.

    A worker claims it (queued → running) by a conditional update that sets `claim`. Every later
    write of that run is conditional on the same claim, so that a worker that was believed to be
    dead cannot overwrite its successor.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="%(class)ss")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="%(class)ss"
    )
    # The user's name when the job was created; empty for the command line and the scheduler. A
    # name without a user means that the user was removed.
    requested_by = models.CharField(max_length=150, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    # A `StoredError` of `oci.errors`; `web.errors` has its texts. It never contains a secret.
    error = models.JSONField(null=True, blank=True)
    # Incremented by every claim; the reconciler gives up after TRANSFER_ATTEMPTS.
    attempt = models.PositiveSmallIntegerField(default=0)
    # A new value for every run; see `claim_for_run`.
    claim = models.UUIDField(null=True, blank=True)
    worker = models.CharField(max_length=100, blank=True)
    cancel_requested_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    # The time of the latest attempt to enqueue; young rows are not yet looked for in RQ.
    queued_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    # Written by the run's Reporter; a row without a recent one has lost its worker.
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        abstract = True

    @property
    def is_terminal(self) -> bool:
        return self.state in TERMINAL_STATES

    @classmethod
    def claim_for_run(cls, pk: uuid.UUID, worker: str) -> Self | None:
        """Claim a queued row for a worker; return None if it is not queued any more."""
        now = timezone.now()
        # One statement, so that only one of several workers changes the row.
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
        """Write progress of this run; return False if another run has claimed the row."""
        # Every write is a sign of life.
        values["heartbeat_at"] = timezone.now()
        return bool(
            type(self)
            ._default_manager.filter(pk=self.pk, claim=self.claim, state=State.RUNNING)
            .update(**values)
        )

    def finish(self, state: State, **values: Any) -> bool:
        """Set an end state; return False if another run has claimed the row."""
        return self.record(state=state, finished_at=timezone.now(), **values)

    @property
    def origin(self) -> Origin:
        """The actor of audit events of the run: the program, on behalf of the requesting user."""
        kind = ActorKind.SYSTEM if self.requested_by else ActorKind.COMMAND_LINE
        return Origin(kind, user=self.user, name=self.requested_by)


class TaskState(models.Model):
    """The latest results of one scheduled task, from all schedulers."""

    name = models.CharField(max_length=50, primary_key=True)
    # A task that never succeeded is late by its age.
    registered_at = models.DateTimeField(auto_now_add=True)
    last_success_at = models.DateTimeField(null=True, blank=True)
    last_failure_at = models.DateTimeField(null=True, blank=True)
    # The name of the exception's class: its text may quote anything.
    last_error = models.CharField(max_length=100, blank=True)
    # The duration of the latest run.
    seconds = models.FloatField(default=0)

    def __str__(self) -> str:
        return self.name
