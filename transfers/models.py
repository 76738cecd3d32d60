import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from registry_ui.accounts.models import Team, TeamOwnedQuerySet
from registry_ui.registries.models import Credential, Registry


class Kind(models.TextChoices):
    PULL = "pull", _("Pull")
    TAG = "tag", _("Tag")
    PUSH = "push", _("Push")
    PUBLISH = "publish", _("Publish")


class State(models.TextChoices):
    QUEUED = "queued", _("Queued")
    RUNNING = "running", _("Running")
    SUCCEEDED = "succeeded", _("Succeeded")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


TERMINAL_STATES = frozenset({State.SUCCEEDED, State.FAILED, State.CANCELLED})
ACTIVE_STATES = frozenset({State.QUEUED, State.RUNNING})


class TransferQuerySet(TeamOwnedQuerySet):
    def active(self) -> "TransferQuerySet":
        return self.filter(state__in=ACTIVE_STATES)

    def finished(self) -> "TransferQuerySet":
        return self.filter(state__in=TERMINAL_STATES)


class Transfer(models.Model):
    """One pull, tag, push or publish. This row is the truth; its id is the RQ job's id too.

    A worker claims it (queued → running) by a conditional update that sets `claim`; from then on every write of that run
    is conditional on the same claim, so a worker that was taken for dead cannot overwrite its successor.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="transfers")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="transfers")
    # The user's name when it was made; empty for the command line. A name without a user is a person who was removed.
    requested_by = models.CharField(max_length=150, blank=True)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)

    # Canonical references. For a pull the target is the local name; for a push and a publish the source is.
    source = models.CharField(max_length=600)
    target = models.CharField(max_length=600)
    source_is_local = models.BooleanField(default=False)
    target_is_local = models.BooleanField(default=False)
    source_registry = models.ForeignKey(Registry, models.SET_NULL, null=True, blank=True, related_name="+")
    target_registry = models.ForeignKey(Registry, models.SET_NULL, null=True, blank=True, related_name="+")
    source_credential = models.ForeignKey(Credential, models.SET_NULL, null=True, blank=True, related_name="+")
    target_credential = models.ForeignKey(Credential, models.SET_NULL, null=True, blank=True, related_name="+")
    # True where a credential was chosen: if it is gone when the job runs, the job fails and never goes on without it.
    needs_source_credential = models.BooleanField(default=False)
    needs_target_credential = models.BooleanField(default=False)
    platform = models.CharField(max_length=60, blank=True, help_text="os/architecture[/variant]; “all”; empty is this machine's.")
    plain_http = models.BooleanField(default=False, help_text="For a host that is no Registry row: chosen on the command line.")

    # {"phase": "…", "steps": [...], "layers": [...], "speed": bytes a second}: see transfers/reporting.py
    progress = models.JSONField(default=dict, blank=True)
    bytes_done = models.BigIntegerField(default=0)
    bytes_total = models.BigIntegerField(null=True, blank=True)
    digest = models.CharField(max_length=140, blank=True)
    size = models.BigIntegerField(null=True, blank=True, help_text="Bytes of the manifest, as docker push prints it.")
    # {"message": "…", "advice": "…", "kind": "Unauthorized"}; never a secret
    error = models.JSONField(null=True, blank=True)

    retry_of = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="retries")
    attempt = models.PositiveSmallIntegerField(default=0)
    claim = models.UUIDField(null=True, blank=True)
    worker = models.CharField(max_length=100, blank=True)
    cancel_requested_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    queued_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = TransferQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["team", "-created_at"], name="transfer_newest_of_team"),
            models.Index(fields=["state", "created_at"], name="transfer_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.source} → {self.target}"

    @property
    def is_terminal(self) -> bool:
        return self.state in TERMINAL_STATES

    @classmethod
    def claim_for_run(cls, pk: uuid.UUID, worker: str) -> "Transfer | None":
        """Queued → running for one worker; None where somebody else won or it is queued no more."""
        now = timezone.now()
        claim = uuid.uuid4()
        changed = cls.objects.filter(pk=pk, state=State.QUEUED).update(
            state=State.RUNNING,
            claim=claim,
            worker=worker[:100],
            started_at=now,
            heartbeat_at=now,
            attempt=models.F("attempt") + 1,
        )
        return cls.objects.get(pk=pk) if changed else None

    def record(self, **values: Any) -> bool:
        """Write progress of this run; False where the row is no longer this run's."""
        values["heartbeat_at"] = timezone.now()
        return bool(type(self).objects.filter(pk=self.pk, claim=self.claim, state=State.RUNNING).update(**values))

    def finish(self, state: State, **values: Any) -> bool:
        """Running → an end state; False where the row is no longer this run's."""
        return self.record(state=state, finished_at=timezone.now(), **values)
