import uuid
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .people import Role, Team, User

_EXPIRES_SOON = timedelta(days=7)


class Scope(models.TextChoices):
    """The upper limit of a token's rights, which are never more than its owner's."""

    READ = "read", _("Read")
    TRANSFER = "transfer", _("Transfer")
    ADMIN = "admin", _("Administer")

    @property
    def role(self) -> Role:
        """The highest role of a person's token, and the role of a robot's."""
        roles = {
            Scope.READ: Role.VIEWER,
            Scope.TRANSFER: Role.OPERATOR,
            Scope.ADMIN: Role.ADMIN,
        }
        return roles[self]


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def visible_to(self, user: User) -> "ApiTokenQuerySet":
        """Return the person's tokens, and those of their teams' robots."""
        if not user.is_authenticated:
            return self.none()
        # Another person's token stays private, also to admins of its team.
        return self.filter(
            models.Q(user=user) | models.Q(user=None, team__in=Team.objects.visible_to(user))
        )

    def active(self) -> "ApiTokenQuerySet":
        now = timezone.now()
        return self.filter(
            models.Q(expires_at=None) | models.Q(expires_at__gt=now), revoked_at=None
        )


class ApiToken(models.Model):
    """A secret with which a program acts for a person, or as a team's robot (`user` is None).

    The secret is `rui_` and 40 characters; only its SHA-256 is stored. A person's token ends with
    the account, and a token for one team with the membership. A robot's token ends with the team.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="api_tokens"
    )
    # A robot's team; for a person's token the only team where it is valid, or None for all teams.
    team = models.ForeignKey(Team, models.CASCADE, null=True, blank=True, related_name="api_tokens")
    name = models.CharField(_("name"), max_length=100)
    scope = models.CharField(_("scope"), max_length=10, choices=Scope.choices, default=Scope.READ)
    token_hash = models.CharField(max_length=64, unique=True)
    # The first characters, with which its owner recognizes it: rui_1a2b
    hint = models.CharField(max_length=12)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    last_used_from = models.GenericIPAddressField(null=True, blank=True)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        # A token without a person is a robot, and a robot without a team could be used nowhere.
        constraints = [
            models.CheckConstraint(
                condition=models.Q(user__isnull=False) | models.Q(team__isnull=False),
                name="api_token_has_owner",
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.hint}…)"

    @property
    def is_robot(self) -> bool:
        return self.user_id is None

    @property
    def is_active(self) -> bool:
        is_expired = self.expires_at is not None and self.expires_at <= timezone.now()
        return self.revoked_at is None and not is_expired

    @property
    def state(self) -> str:
        # First, because a revoked token may have expired since: a person has ended it.
        if self.revoked_at is not None:
            return "revoked"
        if not self.is_active:
            return "expired"
        expires_soon = (
            self.expires_at is not None and self.expires_at - timezone.now() < _EXPIRES_SOON
        )
        return "expiring" if expires_soon else "ok"

    @property
    def state_label(self) -> str:
        labels = {
            "revoked": _("Revoked"),
            "expired": _("Expired"),
            "expiring": _("Expires soon"),
            "ok": _("Valid"),
        }
        return str(labels[self.state])
