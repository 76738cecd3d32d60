import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from registry_ui.accounts.models import Team, User
from registry_ui.oci.reference import Reference

from .credential import EXPIRY_WARNING, Credential, matches


class CredentialGrantQuerySet(models.QuerySet["CredentialGrant"]):
    def visible_to(self, user: User) -> "CredentialGrantQuerySet":
        """Return grants by the user's teams and grants to them."""
        teams = Team.objects.visible_to(user)
        # Both teams see a grant: the one that shares, and the one that it is shared with.
        return self.filter(models.Q(team__in=teams) | models.Q(credential__team__in=teams))

    def granted_by(self, user: User) -> "CredentialGrantQuerySet":
        """Return grants of credentials of the user's teams that were not revoked."""
        return self.filter(credential__team__in=Team.objects.visible_to(user), revoked_at=None)

    def in_force(self) -> "CredentialGrantQuerySet":
        return self.filter(
            models.Q(expires_at=None) | models.Q(expires_at__gt=timezone.now()), revoked_at=None
        )

    def ended(self) -> "CredentialGrantQuerySet":
        """Return grants that were revoked or have expired."""
        return self.filter(~models.Q(revoked_at=None) | models.Q(expires_at__lte=timezone.now()))

    def ending(self) -> "CredentialGrantQuerySet":
        """Return grants in force that expire soon."""
        return self.in_force().filter(expires_at__lte=timezone.now() + EXPIRY_WARNING)


class CredentialGrant(models.Model):
    """A team's right to use a credential of another team, without reading its secret.

    A grant narrows the credential and never widens it. A revoked grant is kept, so that a
    refused use can name the team that revoked it and the date.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    credential = models.ForeignKey(Credential, models.CASCADE, related_name="grants")
    team = models.ForeignKey(Team, models.CASCADE, related_name="credential_grants")
    can_push = models.BooleanField(_("may push"), default=False)
    # Same syntax as Credential.repository_pattern; empty means all that the credential serves.
    repository_pattern = models.CharField(_("repositories"), max_length=255, blank=True)
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    # The latest use by the team; `Credential.used_at` is that of all teams.
    used_at = models.DateTimeField(null=True, blank=True)
    # Set once; a grant that was revoked is never in force again.
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = CredentialGrantQuerySet.as_manager()

    class Meta:
        ordering = ["team__name", "created_at"]
        # Revoked grants stay, so the pair is unique among the others only.
        constraints = [
            models.UniqueConstraint(
                fields=["credential", "team"],
                condition=models.Q(revoked_at=None),
                name="unique_grant_per_team",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.credential} for {self.team}"

    @property
    def is_in_force(self) -> bool:
        return self.revoked_at is None and (
            self.expires_at is None or self.expires_at > timezone.now()
        )

    @property
    def may_push(self) -> bool:
        # The owner may have changed the credential to pull-only after the grant.
        return self.can_push and self.credential.can_push

    @property
    def state(self) -> str:
        """The key of the badge: expired, expiring or ok."""
        if not self.is_in_force:
            return "expired"
        return (
            "expiring"
            if self.expires_at is not None and self.expires_at <= timezone.now() + EXPIRY_WARNING
            else "ok"
        )

    @property
    def state_label(self) -> str:
        return str(
            {"expired": _("Ended"), "expiring": _("Ends soon"), "ok": _("In force")}[self.state]
        )

    def covers(self, reference: Reference) -> bool:
        """Return whether the repository pattern, if any, matches the reference's repository."""
        return matches(self.repository_pattern, reference)
