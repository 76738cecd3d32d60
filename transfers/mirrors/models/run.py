from datetime import datetime, timedelta
from typing import ClassVar, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from registry_ui.jobs.models import Job, JobQuerySet, State
from registry_ui.jobs.reconciler import QUEUE_LIMIT
from registry_ui.oci.errors import StoredError
from registry_ui.registries.builtin_registry import is_builtin_registry
from registry_ui.registries.models import Registry

from .mirror import ConflictPolicy, Mirror


class Trigger(models.TextChoices):
    SCHEDULE = "schedule", _("Schedule")
    PERSON = "person", _("Person")
    WEBHOOK = "webhook", _("Webhook")
    COMMAND = "command", _("Command line")
    RETRY = "retry", _("Retry")


class ItemAction(models.TextChoices):
    """The result of comparing a tag."""

    NEW = "new", _("New")
    CHANGED = "changed", _("Changed")
    UP_TO_DATE = "up_to_date", _("Up to date")
    SKIPPED = "skipped", _("Skipped")
    EXTRA = "extra", _("Extra")


class ItemState(models.TextChoices):
    """The progress of a tag. In a plan, a tag to copy is `waiting`."""

    WAITING = "waiting", _("Waiting")
    COPYING = "copying", _("Copying")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")


class VerificationResult(models.TextChoices):
    """The result of the verification at the end of a run."""

    EQUAL = "equal", _("Both sides are the same")
    OUTDATED = "outdated", _("The source has moved on since")
    DIFFERS = "differs", _("The target names something else")
    MISSING = "missing", _("The target has no such tag")


class MirrorRunQuerySet(JobQuerySet["MirrorRun"]):
    def to_target(self) -> Self:
        """Return the runs that write to the target: no plans, no pulls to local images."""
        return self.filter(is_plan=False, is_local_pull=False)


class MirrorRun(Job):
    """One execution or plan of a mirror.

    Its items record what is done, so another worker can continue from them.
    """

    mirror = models.ForeignKey(Mirror, models.CASCADE, related_name="runs")
    trigger = models.CharField(max_length=10, choices=Trigger.choices, default=Trigger.PERSON)
    # The scheduled time that it belongs to
    due_at = models.DateTimeField(null=True, blank=True)
    # A dry run: nothing is copied; its items record what would be.
    is_plan = models.BooleanField(default=False)
    # A pull of the selection to the local images, for an export. The target gets no request.
    is_local_pull = models.BooleanField(default=False)
    # The plan whose tags are copied, at the digests that it compared
    based_on = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="+")
    retry_of = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="retries"
    )
    # [{"repository": source repository, "tag": "1.27"}]: only these tags. Without a tag the whole
    # repository; empty for all.
    limited_to = models.JSONField(default=list, blank=True)

    # {"new": 3, "changed": 1, "up_to_date": 96, "skipped": 0, "extra": 0, "waiting": 0,
    #  "copying": 1, "done": 2, "failed": 1, "deleted": 0, "repositories": 4, "new_repositories": 1,
    #  "unselected": tags outside the selection, "unmeasured": tags of unknown size,
    #  "pulls": manifests that count as pulls}
    totals = models.JSONField(default=dict, blank=True)
    # {"phase": "listing" | "comparing" | "copying" | "verifying" | "deleting",
    #  "layers": [those in transfer], "speed": bytes per second, "seconds_left": … | null,
    #  "pause": {"seconds", "reason"} | null, "notes": [sentences]}
    progress = models.JSONField(default=dict, blank=True)

    # Of the images that have begun; the rest is estimated in `progress`.
    bytes_total = models.BigIntegerField(default=0)
    bytes_done = models.BigIntegerField(default=0)
    requests = models.PositiveIntegerField(default=0)
    # A postponed run is queued and occupies no worker until then.
    postponed_until = models.DateTimeField(null=True, blank=True)
    postponed_reason = models.JSONField(null=True, blank=True)
    # Set once its notices were created, or found to be unnecessary.
    notified_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar = MirrorRunQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            # Two schedulers cannot start the same due time, even with a race.
            models.UniqueConstraint(fields=["mirror", "due_at"], name="unique_run_per_due_time")
        ]
        indexes = [
            models.Index(fields=["mirror", "-created_at"], name="mirror_run_by_mirror"),
            models.Index(fields=["team", "-created_at"], name="mirror_run_by_team"),
            models.Index(fields=["state", "queued_at"], name="mirror_run_by_state"),
            models.Index(
                # The scheduler looks for runs without notices every few seconds.
                fields=["finished_at"],
                condition=models.Q(notified_at=None),
                name="mirror_run_unnotified",
            ),
        ]

    def __str__(self) -> str:
        kind = "plan" if self.is_plan else "local pull" if self.is_local_pull else "run"
        return f"{kind} of {self.mirror}"

    @property
    def target_registry(self) -> Registry | None:
        """The registry to which this run copies; None for the local images."""
        return None if self.is_local_pull else self.mirror.target_registry

    @property
    def is_local(self) -> bool:
        return self.is_local_pull or self.mirror.is_local

    @property
    def source_is_builtin(self) -> bool:
        """Return whether a pull to local images has the built-in registry as its source.

        Then nothing is copied, and no tag changes.
        """
        return self.is_local_pull and is_builtin_registry(self.mirror.source_registry.host)

    @property
    def conflict_policy(self) -> str:
        """The conflict policy of this run. Local images are overwritten, as by a pull."""
        return ConflictPolicy.OVERWRITE if self.is_local_pull else self.mirror.conflict_policy

    @property
    def is_postponed(self) -> bool:
        return self.state == State.QUEUED and self.postponed_until is not None

    def postpone(self, resume_at: datetime, reason: StoredError, **values: object) -> bool:
        """Return a running run to the queue until a time; it does not count as an attempt.

        Return False if another worker has claimed it. The reconciler enqueues rows that were queued
        some seconds ago and are in no queue, so a `queued_at` in the future is enough.
        """
        # `attempt` counts claims, and the next claim adds one again.
        return self.record(
            # Without a claim, any worker may continue the run later.
            state=State.QUEUED,
            claim=None,
            worker="",
            attempt=models.F("attempt") - 1,
            queued_at=resume_at - QUEUE_LIMIT - timedelta(seconds=1),
            postponed_until=resume_at,
            postponed_reason=reason,
            **values,
        )


class MirrorItem(models.Model):
    """One tag of a run: the digests of both sides, the result and its reason."""

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
    # The target's digest before the run
    target_digest = models.CharField(max_length=140, blank=True)
    # The target's digest after the copy; not the source's where platforms are selected
    copied_digest = models.CharField(max_length=140, blank=True)
    # Blobs that this tag was the first to need. Null while unknown.
    bytes_total = models.BigIntegerField(null=True, blank=True)
    bytes_done = models.BigIntegerField(default=0)
    attempt = models.PositiveSmallIntegerField(default=0)
    # a `StoredError` of `oci.errors`; never a secret
    error = models.JSONField(null=True, blank=True)
    verification = models.CharField(max_length=10, choices=VerificationResult.choices, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                # A worker that takes over must not add a second row for a tag.
                fields=["run", "target_repository", "tag", "source_repository"],
                name="unique_tag_per_run",
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
