import uuid
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .people import Role, Team, User

SOON = timedelta(days=7)


class Scope(models.TextChoices):
    """What a token may do at most. Never more than its owner may at that moment."""

    READ = "read", _("Read")
    TRANSFER = "transfer", _("Transfer")
    ADMIN = "admin", _("Administer")

    @property
    def role(self) -> Role:
        """The role that it stands for: a ceiling for a person's token, the role itself for a robot's."""
        return {Scope.READ: Role.VIEWER, Scope.TRANSFER: Role.OPERATOR, Scope.ADMIN: Role.ADMIN}[
            self
        ]


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def visible_to(self, user: User) -> "ApiTokenQuerySet":
        """A person's own, and the robots' of their teams."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(
            models.Q(user=user) | models.Q(user=None, team__in=Team.objects.visible_to(user))
        )

    def alive(self) -> "ApiTokenQuerySet":
        now = timezone.now()
        return self.filter(
            models.Q(expires_at=None) | models.Q(expires_at__gt=now), revoked_at=None
        )


class ApiToken(models.Model):
    """A secret with which a program acts: for a person (`user`), or as a team's robot (`user` is None).

    The secret is `rui_` and 40 characters; only its SHA-256 is kept. A person's token dies with them, and in a team with
    their membership; a robot's dies with its team.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="api_tokens"
    )
    # A robot's team; of a person's token the one team where it is good, or None for all of theirs.
    team = models.ForeignKey(Team, models.CASCADE, null=True, blank=True, related_name="api_tokens")
    name = models.CharField(_("name"), max_length=100)
    scope = models.CharField(_("scope"), max_length=10, choices=Scope.choices, default=Scope.READ)
    token_hash = models.CharField(max_length=64, unique=True)
    # The first characters, by which its owner tells it from others: rui_1a2b
    hint = models.CharField(max_length=12)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    used_at = models.DateTimeField(null=True, blank=True)
    used_from = models.GenericIPAddressField(null=True, blank=True)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(user__isnull=False) | models.Q(team__isnull=False),
                name="a_token_is_somebodys",
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.hint}…)"

    @property
    def is_robot(self) -> bool:
        return self.user_id is None

    @property
    def is_alive(self) -> bool:
        return self.revoked_at is None and (
            self.expires_at is None or self.expires_at > timezone.now()
        )

    @property
    def state(self) -> str:
        if self.revoked_at is not None:
            return "revoked"
        if not self.is_alive:
            return "expired"
        is_close = self.expires_at is not None and self.expires_at - timezone.now() < SOON
        return "expiring" if is_close else "ok"

    @property
    def state_label(self) -> str:
        return str(
            {
                "revoked": _("Revoked"),
                "expired": _("Expired"),
                "expiring": _("Expires soon"),
                "ok": _("Valid"),
            }[self.state]
        )
