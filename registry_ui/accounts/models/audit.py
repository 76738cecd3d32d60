import uuid
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .people import Team, User


class Action(models.TextChoices):
    """The kinds of audit events, each as `noun.verb` in the past tense."""

    # Sign-in and accounts
    SIGNED_IN = "session.started", _("Signed in")
    SIGN_IN_REFUSED = "session.refused", _("Sign-in refused")
    SIGNED_OUT = "session.ended", _("Signed out")
    SESSION_ENDED = "session.revoked", _("Ended a session")
    INSTALLATION_SET_UP = "installation.created", _("Set up the installation")
    PASSWORD_CHANGED = "password.changed", _("Changed the password")
    SECOND_FACTOR_ADDED = "factor.added", _("Added a second factor")
    SECOND_FACTOR_REMOVED = "factor.removed", _("Removed a second factor")
    IDENTITY_LINKED = "identity.linked", _("Linked single sign-on")
    IDENTITY_UNLINKED = "identity.unlinked", _("Unlinked single sign-on")
    PREFERENCES_CHANGED = "preferences.changed", _("Changed preferences")
    PERSON_CREATED = "person.created", _("Created an account")
    PERSON_CHANGED = "person.changed", _("Changed an account")
    PERSON_DEACTIVATED = "person.deactivated", _("Deactivated an account")
    PERSON_ACTIVATED = "person.activated", _("Activated an account")
    # Teams
    TEAM_CREATED = "team.created", _("Created a team")
    TEAM_CHANGED = "team.changed", _("Changed a team")
    TEAM_REMOVED = "team.removed", _("Removed a team")
    MEMBER_ADDED = "member.added", _("Added a member")
    MEMBER_CHANGED = "member.changed", _("Changed a member's role")
    MEMBER_REMOVED = "member.removed", _("Removed a member")
    INVITATION_CREATED = "invitation.created", _("Invited somebody")
    INVITATION_ACCEPTED = "invitation.accepted", _("Accepted an invitation")
    INVITATION_REVOKED = "invitation.revoked", _("Revoked an invitation")
    # API tokens
    TOKEN_CREATED = "token.created", _("Created an API token")
    TOKEN_REVOKED = "token.revoked", _("Revoked an API token")
    TOKEN_USED = "token.used", _("Used an API token")
    TOKEN_REFUSED = "token.refused", _("API token refused")
    # Registries and credentials
    REGISTRY_ADDED = "registry.added", _("Added a registry")
    REGISTRY_CHANGED = "registry.changed", _("Changed a registry")
    REGISTRY_REMOVED = "registry.removed", _("Removed a registry")
    CREDENTIAL_ADDED = "credential.added", _("Added a credential")
    CREDENTIAL_CHANGED = "credential.changed", _("Changed a credential")
    CREDENTIAL_ROTATED = "credential.rotated", _("Entered a new secret")
    CREDENTIAL_REMOVED = "credential.removed", _("Removed a credential")
    CREDENTIAL_TESTED = "credential.tested", _("Tested a login")
    CREDENTIAL_USED = "credential.used", _("Used a credential")
    GRANT_CREATED = "grant.created", _("Shared a credential")
    GRANT_CHANGED = "grant.changed", _("Changed a share")
    GRANT_REVOKED = "grant.revoked", _("Took a credential back")
    # Images and tags
    IMAGE_PUSHED = "image.pushed", _("Pushed an image to this server")
    IMAGE_REMOVED = "image.removed", _("Removed a local image")
    IMAGE_EXPORTED = "image.exported", _("Exported local images")
    ARCHIVE_RECEIVED = "archive.received", _("Received an archive")
    TAG_RULE_ADDED = "tag_rule.added", _("Made tags immutable")
    TAG_RULE_REMOVED = "tag_rule.removed", _("Made tags movable again")
    INDEX_STARTED = "index.started", _("Refreshed a registry's index")
    REPOSITORY_ADDED = "repository.added", _("Added a repository by name")
    REPOSITORY_REMOVED = "repository.removed", _("Removed a repository")
    # Transfers
    TRANSFER_STARTED = "transfer.started", _("Started a transfer")
    TRANSFER_CANCELLED = "transfer.cancelled", _("Cancelled a transfer")
    TRANSFER_SUCCEEDED = "transfer.succeeded", _("Transfer succeeded")
    TRANSFER_FAILED = "transfer.failed", _("Transfer failed")
    TRANSFER_HANDED_OVER = "transfer.handed_over", _("Handed over a transfer")
    # Notification channels
    CHANNEL_ADDED = "channel.added", _("Added a notification channel")
    CHANNEL_CHANGED = "channel.changed", _("Changed a notification channel")
    CHANNEL_REMOVED = "channel.removed", _("Removed a notification channel")
    CHANNEL_TESTED = "channel.tested", _("Tested a notification channel")
    # Mirrors
    MIRROR_CREATED = "mirror.created", _("Made a mirror")
    MIRROR_CHANGED = "mirror.changed", _("Changed a mirror")
    MIRROR_REMOVED = "mirror.removed", _("Removed a mirror")
    MIRROR_PAUSED = "mirror.paused", _("Paused a mirror")
    MIRROR_RESUMED = "mirror.resumed", _("Resumed a mirror")
    MIRROR_PLANNED = "mirror.planned", _("Planned a mirror's run")
    MIRROR_STARTED = "mirror.started", _("Started a mirror's run")
    MIRROR_LOCAL_PULL_STARTED = (
        "mirror.local_pull_started",
        _("Began to bring a mirror's images here"),
    )
    MIRROR_LOCAL_PULL_SUCCEEDED = (
        "mirror.local_pull_succeeded",
        _("A mirror's images were brought here"),
    )
    MIRROR_LOCAL_PULL_FAILED = (
        "mirror.local_pull_failed",
        _("A mirror's images could not be brought here"),
    )
    MIRROR_CANCELLED = "mirror.cancelled", _("Cancelled a mirror's run")
    MIRROR_HANDED_OVER = "mirror.handed_over", _("Handed over a mirror's run")
    MIRROR_SUCCEEDED = "mirror.succeeded", _("A mirror's run succeeded")
    MIRROR_FAILED = "mirror.failed", _("A mirror's run failed")
    MIRROR_WEBHOOK_CREATED = "mirror.webhook_created", _("Made a mirror's webhook")
    MIRROR_WEBHOOK_REMOVED = "mirror.webhook_removed", _("Removed a mirror's webhook")
    MIRROR_WEBHOOK_CALLED = "mirror.webhook_called", _("A webhook started a mirror")
    MIRRORS_IMPORTED = "mirror.imported", _("Imported mirrors")
    # The audit log itself
    ACCESS_REFUSED = "access.refused", _("Access refused")
    AUDIT_LOG_EXPORTED = "audit_log.exported", _("Exported the audit log")


class Outcome(models.TextChoices):
    DONE = "done", _("Done")
    REFUSED = "refused", _("Refused")
    FAILED = "failed", _("Failed")


class ActorKind(models.TextChoices):
    PERSON = "person", _("Person")
    TOKEN = "token", _("API token")
    COMMAND_LINE = "command_line", _("Command line")
    SYSTEM = "system", _("Registry UI")
    ANONYMOUS = "anonymous", _("Nobody signed in")


class AuditEventQuerySet(models.QuerySet["AuditEvent"]):
    """The queryset of the append-only audit log.

    `audit.log` inserts rows and `audit.chain` seals them once. Every other change is
    refused here and by the database's triggers (`audit.triggers`).
    """

    def visible_to(self, user: User) -> "AuditEventQuerySet":
        """Return the events of the person's teams, and their own events outside of teams.

        Administrators of the installation see all events.
        """
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.is_superuser:
            return self
        # Events outside of teams, such as a sign-in, are visible to the person alone.
        return self.filter(
            Q(team_key__in=Team.objects.visible_to(user).values("pk"))
            | Q(actor_key=str(user.pk), team_key=None)
        )

    # Django calls neither `save` nor `delete` of the model for these.
    def update(self, **values: Any) -> int:
        raise TypeError("The audit log is append-only.")

    def delete(self) -> tuple[int, dict[str, int]]:
        raise TypeError("The audit log is append-only.")

    def bulk_update(self, *args: Any, **kwargs: Any) -> int:
        raise TypeError("The audit log is append-only.")


class AuditEvent(models.Model):
    """An audit event: actor, action, object, time, address and credential.

    Names and keys are stored as text, without foreign keys, so a later removal or renaming changes
    no event. `position` and `hash` are empty until `audit.chain` seals the event.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    at = models.DateTimeField(default=timezone.now)
    action = models.CharField(max_length=40, choices=Action.choices)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.DONE)
    actor_kind = models.CharField(max_length=12, choices=ActorKind.choices)
    actor_key = models.CharField(max_length=64, blank=True)
    actor_name = models.CharField(max_length=150, blank=True)
    # The API token as “name (hint)”; empty for a browser.
    token_name = models.CharField(max_length=120, blank=True)
    address = models.GenericIPAddressField(null=True, blank=True)
    team_key = models.BigIntegerField(null=True, blank=True)
    team_name = models.CharField(max_length=100, blank=True)
    # The model's name: registry, credential, membership, apitoken, transfer, …
    object_kind = models.CharField(max_length=20, blank=True)
    object_key = models.CharField(max_length=64, blank=True)
    object_name = models.CharField(max_length=300, blank=True)
    credential_key = models.CharField(max_length=64, blank=True)
    credential_name = models.CharField(max_length=360, blank=True)
    # A few short values, such as {"role": "viewer", "was": "admin"}. Never a secret.
    details = models.JSONField(default=dict, blank=True)
    position = models.BigIntegerField(null=True, blank=True, unique=True)
    hash = models.CharField(max_length=64, blank=True)

    objects = AuditEventQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["team_key", "-at", "-id"], name="event_newest_of_team"),
            models.Index(fields=["-at", "-id"], name="event_newest"),
            models.Index(fields=["actor_key", "-at"], name="event_newest_of_actor"),
            models.Index(fields=["credential_key", "-at"], name="event_newest_of_credential"),
            models.Index(fields=["object_key", "-at"], name="event_newest_of_object"),
            # `seal_audit_log` looks for unsealed events every few seconds.
            models.Index(fields=["at"], condition=Q(position=None), name="event_unsealed"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.actor_name} {self.action} {self.object_name}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("The audit log is append-only.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise TypeError("The audit log is append-only.")


class AuditChainHead(models.Model):
    """The position and hash of the last sealed event, in one row that `seal_audit_log` locks."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    position = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return f"head of the audit log at {self.position}"
