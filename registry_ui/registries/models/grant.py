import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from registry_ui.accounts.models import Team, User

from .registry import EXPIRY_WARNING, Credential


class CredentialGrantQuerySet(models.QuerySet["CredentialGrant"]):
    def visible_to(self, user: User) -> "CredentialGrantQuerySet":
        """Those that their teams gave, and those that their teams got."""
        teams = Team.objects.visible_to(user)
        return self.filter(models.Q(team__in=teams) | models.Q(credential__team__in=teams))

    def in_force(self) -> "CredentialGrantQuerySet":
        return self.filter(models.Q(until=None) | models.Q(until__gt=timezone.now()))

    def ending(self) -> "CredentialGrantQuerySet":
        """In force, and about to end."""
        return self.in_force().filter(until__lte=timezone.now() + EXPIRY_WARNING)


class CredentialGrant(models.Model):
    """Another team may use a credential, and never read it: for pulling or for both, for some repositories, until a moment.

    It narrows the credential and never widens it: what the credential itself may not do, no grant allows. Taking it back
    deletes the row; the trail keeps what it was.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    credential = models.ForeignKey(Credential, models.CASCADE, related_name="grants")
    team = models.ForeignKey(Team, models.CASCADE, related_name="credential_grants")
    can_push = models.BooleanField(_("may push"), default=False)
    # As Credential.repository_pattern; empty is all that the credential serves.
    repository_pattern = models.CharField(_("repositories"), max_length=255, blank=True)
    until = models.DateTimeField(_("until"), null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    used_at = models.DateTimeField(null=True, blank=True)

    objects = CredentialGrantQuerySet.as_manager()

    class Meta:
        ordering = ["team__name", "repository_pattern"]
        constraints = [
            models.UniqueConstraint(fields=["credential", "team", "repository_pattern"], name="one_grant_a_team_and_pattern"),
        ]

    def __str__(self) -> str:
        return f"{self.credential} for {self.team}"

    @property
    def is_in_force(self) -> bool:
        return self.until is None or self.until > timezone.now()
