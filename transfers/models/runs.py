from datetime import datetime, timedelta
from typing import ClassVar, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from registry_ui.jobs.models import Job, JobQuerySet, State
from registry_ui.jobs.reconciling import QUEUE_LIMIT
from registry_ui.registries.models import Registry
from registry_ui.registries.this_server import is_here

from .mirrors import Existing, Mirror


class Trigger(models.TextChoices):
    SCHEDULE = "schedule", _("Schedule")
    PERSON = "person", _("Person")
    WEBHOOK = "webhook", _("Webhook")
    COMMAND = "command", _("Command line")
    RETRY = "retry", _("Retry")


class ItemAction(models.TextChoices):
    """What a tag of a run calls for."""

    NEW = "new", _("New")
    CHANGED = "changed", _("Changed")
    SAME = "same", _("Same")
    SKIPPED = "skipped", _("Skipped")
    EXTRA = "extra", _("Extra")


class ItemState(models.TextChoices):
    """How far a tag is. In a plan, what would be done is `waiting`."""

    WAITING = "waiting", _("Waiting")
    MOVING = "moving", _("Moving")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")


class Verdict(models.TextChoices):
    """What the comparison at the end of a run found."""

    EQUAL = "equal", _("Both sides are the same")
    MOVED = "moved", _("The source has moved on since")
    DIFFERS = "differs", _("The target names something else")
    MISSING = "missing", _("The target has no such tag")


class MirrorRunQuerySet(JobQuerySet):
    def mirroring(self) -> Self:
        """Those that bring the rule's target into line: neither plans nor what is brought here to be exported."""
        return self.filter(is_plan=False, is_staging=False)


class MirrorRun(Job):
    """One execution of a mirror, or one plan of it. Its items say what is done: a worker that takes over goes on from them."""

    mirror = models.ForeignKey(Mirror, models.CASCADE, related_name="runs")
    trigger = models.CharField(max_length=10, choices=Trigger.choices, default=Trigger.PERSON)
    # The moment of the schedule that it belongs to
    due_at = models.DateTimeField(null=True, blank=True)
    # A dry run: nothing moves, and its items tell what would.
    is_plan = models.BooleanField(default=False)
    # The selection of a rule between registries is brought here, to be exported. Its target gets no request.
    is_staging = models.BooleanField(default=False)
    # The plan that is run as shown: its tags, at the digests that it saw
    based_on = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="+")
    retry_of = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="retries"
    )
    # [{"repository": source repository, "tag": "1.27"}]: these tags alone. Without a tag: the whole repository. Empty: all.
    only = models.JSONField(default=list, blank=True)

    # {"new": 3, "changed": 1, "same": 96, "skipped": 0, "extra": 0, "waiting": 0, "moving": 1, "done": 2, "failed": 1,
    #  "deleted": 0, "repositories": 4, "new_repositories": 1, "unselected": tags that the selection left out,
    #  "unmeasured": tags whose size was not asked for, "pulls": manifests that a registry which counts pulls counts}
    totals = models.JSONField(default=dict, blank=True)
    # {"phase": "listing" | "comparing" | "moving" | "verifying" | "deleting", "layers": […] that move now, "speed": bytes a
    #  second, "seconds_left": … | null, "pause": {"seconds", "reason"} | null, "notes": [sentences]}
    progress = models.JSONField(default=dict, blank=True)
    bytes_total = models.BigIntegerField(default=0)
    bytes_done = models.BigIntegerField(default=0)
    requests = models.PositiveIntegerField(default=0)
    # While it waits for a registry's limit: it is queued, no worker is busy with it, and it goes on then.
    parked_until = models.DateTimeField(null=True, blank=True)
    parked_reason = models.CharField(max_length=500, blank=True)
    # When its end was told, or found to need no telling.
    noticed_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar = MirrorRunQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["mirror", "due_at"], name="one_run_a_due_time")
        ]
        indexes = [
            models.Index(fields=["mirror", "-created_at"], name="mirror_run_newest"),
            models.Index(fields=["team", "-created_at"], name="mirror_run_newest_of_team"),
            models.Index(fields=["state", "queued_at"], name="mirror_run_by_state"),
            models.Index(
                fields=["finished_at"],
                condition=models.Q(noticed_at=None),
                name="mirror_run_untold",
            ),
        ]

    def __str__(self) -> str:
        return f"{'plan' if self.is_plan else 'staging' if self.is_staging else 'run'} of {self.mirror}"

    @property
    def target_registry(self) -> Registry | None:
        """Where this run brings its tags; None is the team's local store."""
        return None if self.is_staging else self.mirror.target_registry

    @property
    def is_local(self) -> bool:
        return self.is_staging or self.mirror.is_local

    @property
    def is_here_already(self) -> bool:
        """Whether what it would bring to the local store is what that store serves: then nothing is moved, and no name is touched."""
        return self.is_staging and is_here(self.mirror.source_registry.host)

    @property
    def existing(self) -> str:
        """What becomes of a tag that names something else. Names here are moved as a pull moves them."""
        return Existing.OVERWRITE if self.is_staging else self.mirror.existing

    @property
    def is_parked(self) -> bool:
        return self.state == State.QUEUED and self.parked_until is not None

    def park(self, until: datetime, reason: str, **values: object) -> bool:
        """Running → queued, to be taken up at `until`; it does not count as an attempt. False where it is this run's no more.

        The reconciler hands over what was queued some seconds ago and lies in no queue, so `queued_at` in the future is enough.
        """
        return self.record(
            state=State.QUEUED,
            claim=None,
            worker="",
            attempt=models.F("attempt") - 1,
            queued_at=until - QUEUE_LIMIT - timedelta(seconds=1),
            parked_until=until,
            parked_reason=reason[:500],
            **values,
        )


class MirrorItem(models.Model):
    """One tag of a run: what was found on both sides, what became of it, and why."""

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(MirrorRun, models.CASCADE, related_name="items")
    # Empty for an extra, which the source does not have.
    source_repository = models.CharField(max_length=255, blank=True)
    target_repository = models.CharField(max_length=255)
    tag = models.CharField(max_length=128)
    action = models.CharField(max_length=10, choices=ItemAction.choices)
    reason = models.CharField(max_length=500, blank=True)
    state = models.CharField(max_length=10, choices=ItemState.choices, default=ItemState.WAITING)
    source_digest = models.CharField(max_length=140, blank=True)
    # What the target named before
    target_digest = models.CharField(max_length=140, blank=True)
    # What the target names now: another digest than the source's where platforms were chosen
    copied_digest = models.CharField(max_length=140, blank=True)
    # After deduplication: what this tag was the first to need. Null while nobody has looked.
    bytes_total = models.BigIntegerField(null=True, blank=True)
    bytes_done = models.BigIntegerField(default=0)
    attempt = models.PositiveSmallIntegerField(default=0)
    # {"message": "…", "advice": "…", "kind": "Unauthorized"}; never a secret
    error = models.JSONField(null=True, blank=True)
    verified = models.CharField(max_length=10, choices=Verdict.choices, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["run", "target_repository", "tag", "source_repository"],
                name="one_item_a_tag",
            )
        ]
        indexes = [
            models.Index(fields=["run", "state", "id"], name="mirror_item_by_state"),
            models.Index(fields=["run", "action", "id"], name="mirror_item_by_action"),
        ]

    def __str__(self) -> str:
        return f"{self.target_repository}:{self.tag}"

    @property
    def source(self) -> str:
        return f"{self.source_repository}:{self.tag}"
