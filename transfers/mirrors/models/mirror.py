import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from registry_ui.accounts.models import Team, TeamOwnedQuerySet
from registry_ui.accounts.models.people import validate_time_zone
from registry_ui.credentials.models import Credential
from registry_ui.jobs.models import State
from registry_ui.notifications.models import NotificationChannel
from registry_ui.registries.models import Registry

LOCAL = "local store"
"""The text for a target that is no registry."""


class ConflictPolicy(models.TextChoices):
    """The treatment of a target's tag that names another image than the source's."""

    OVERWRITE = "overwrite", _("Overwrite it")
    KEEP = "keep", _("Keep it as it is")
    BACKUP = "backup", _("Keep it under another name first")


class NotificationPolicy(models.TextChoices):
    NEVER = "never", _("Never")
    FAILURE = "failure", _("When a run fails")
    RECOVERY = "recovery", _("When a run fails, and when the next one succeeds")
    ALWAYS = "always", _("After every run")


class MirrorQuerySet(TeamOwnedQuerySet["Mirror"]):
    def using_credential(self, credential: Credential) -> "MirrorQuerySet":
        return self.filter(
            models.Q(source_credential=credential) | models.Q(target_credential=credential)
        )


class Mirror(models.Model):
    """A selection of repositories and tags that is copied to a target by a schedule."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="mirrors")
    name = models.CharField(_("name"), max_length=100)

    # RESTRICT: a registry that a mirror uses is not deleted; the page lists its mirrors.
    source_registry = models.ForeignKey(Registry, models.RESTRICT, related_name="mirrors_from")
    source_credential = models.ForeignKey(
        Credential, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    # True where a credential was selected: if it was removed since, a run fails instead of
    # continuing without a login.
    needs_source_credential = models.BooleanField(default=False)
    # Null for the team's local images.
    target_registry = models.ForeignKey(
        Registry, models.RESTRICT, null=True, blank=True, related_name="mirrors_to"
    )
    target_credential = models.ForeignKey(
        Credential, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    needs_target_credential = models.BooleanField(default=False)

    # Names or globs: ["library/nginx", "platform/*"]
    repositories = models.JSONField(_("repositories"), default=list)
    # {"kind": "keep" | "flatten" | "prefix" | "template", …}: see mirrors/naming.py
    naming = models.JSONField(_("names at the target"), default=dict, blank=True)
    # {"tags": […], "versions": ">=3.9 <4", …}: see mirrors/selection.py; empty is every tag
    selection = models.JSONField(_("tags"), default=dict, blank=True)
    # ["linux/amd64", …]; empty is all, which keeps the digest
    platforms = models.JSONField(_("platforms"), default=list, blank=True)
    referrers = models.BooleanField(_("signatures and SBOMs too"), default=True)
    conflict_policy = models.CharField(
        _("when a tag differs"),
        max_length=10,
        choices=ConflictPolicy.choices,
        default=ConflictPolicy.OVERWRITE,
    )
    delete_extras = models.BooleanField(_("delete what the source no longer has"), default=False)
    # A run with more extras than this deletes none.
    delete_cap = models.PositiveIntegerField(_("at most"), default=10)
    verify = models.BooleanField(_("compare both sides afterwards"), default=True)

    # Five-field cron; empty for manual runs only
    schedule = models.CharField(_("schedule"), max_length=100, blank=True)
    time_zone = models.CharField(
        _("time zone"), max_length=64, default="UTC", validators=[validate_time_zone]
    )

    # The upper bound of the random delay; each mirror has its own share of it.
    jitter_seconds = models.PositiveIntegerField(_("jitter"), default=0)

    # Computed when the schedule changes and when a run starts; null for manual runs only.
    next_run_at = models.DateTimeField(null=True, blank=True)
    paused = models.BooleanField(default=False)
    notification_policy = models.CharField(
        _("notifications"),
        max_length=10,
        choices=NotificationPolicy.choices,
        default=NotificationPolicy.RECOVERY,
    )

    channels = models.ManyToManyField(
        NotificationChannel, blank=True, related_name="mirrors", verbose_name=_("channels")
    )

    # The result of the latest run to the target. Plans and pulls to local images do not change it.
    last_run = models.ForeignKey(
        "mirrors.MirrorRun", models.SET_NULL, null=True, blank=True, related_name="+"
    )
    last_state = models.CharField(max_length=10, choices=State.choices, blank=True)
    last_success_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    # Plans, archives and known digests of an earlier time belong to other settings.
    updated_at = models.DateTimeField(auto_now=True)

    objects = MirrorQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["team", "name"], name="unique_mirror_name_per_team")
        ]
        indexes = [
            models.Index(
                # The scheduler reads only these rows, every few seconds.
                fields=["next_run_at"],
                condition=models.Q(paused=False),
                name="mirror_by_next_run",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_local(self) -> bool:
        return self.target_registry_id is None

    @property
    def target_host(self) -> str:
        return self.target_registry.host if self.target_registry is not None else LOCAL


class RepositoryDrift(models.Model):
    """A repository and its copy, with their drift at the latest comparison."""

    id = models.BigAutoField(primary_key=True)
    mirror = models.ForeignKey(Mirror, models.CASCADE, related_name="pairs")
    source_repository = models.CharField(max_length=255)
    target_repository = models.CharField(max_length=255)
    # Tags: equal on both sides, missing at the target, different there, and at the target only.
    up_to_date = models.PositiveIntegerField(default=0)
    missing = models.PositiveIntegerField(default=0)
    differing = models.PositiveIntegerField(default=0)
    extra = models.PositiveIntegerField(default=0)
    # Failed tags of the latest run.
    failed = models.PositiveIntegerField(default=0)
    compared_at = models.DateTimeField(null=True, blank=True)
    # The latest verification of digests, and how many of them did not match.
    verified_at = models.DateTimeField(null=True, blank=True)
    mismatched = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["source_repository"]
        constraints = [
            models.UniqueConstraint(
                fields=["mirror", "source_repository", "target_repository"],
                name="unique_pair_per_mirror",
            )
        ]

    def __str__(self) -> str:
        return f"{self.source_repository} → {self.target_repository}"

    @property
    def behind(self) -> int:
        return self.missing + self.differing

    @property
    def is_in_sync(self) -> bool:
        return not (self.behind or self.extra or self.failed or self.mismatched)

    def counts(self) -> dict[str, Any]:
        return {
            name: getattr(self, name)
            for name in ("up_to_date", "missing", "differing", "extra", "failed", "mismatched")
        }
