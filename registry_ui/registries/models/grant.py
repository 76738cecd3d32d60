import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from registry_ui.accounts.models import Team, User
from registry_ui.oci.reference import Reference

from .registry import EXPIRY_WARNING, Credential, matches


class CredentialGrantQuerySet(models.QuerySet["CredentialGrant"]):
    def visible_to(self, user: User) -> "CredentialGrantQuerySet":
        """Those that their teams gave, and those that their teams got."""
        teams = Team.objects.visible_to(user)
        return self.filter(models.Q(team__in=teams) | models.Q(credential__team__in=teams))

    def given_by(self, user: User) -> "CredentialGrantQuerySet":
        """Those of the credentials that the person sees as their own team's, and that were not taken back."""
        return self.filter(credential__team__in=Team.objects.visible_to(user), revoked_at=None)

    def in_force(self) -> "CredentialGrantQuerySet":
        return self.filter(
            models.Q(until=None) | models.Q(until__gt=timezone.now()), revoked_at=None
        )

    def over(self) -> "CredentialGrantQuerySet":
        """Taken back, or past their moment."""
        return self.filter(~models.Q(revoked_at=None) | models.Q(until__lte=timezone.now()))

    def ending(self) -> "CredentialGrantQuerySet":
        """In force, and about to end."""
        return self.in_force().filter(until__lte=timezone.now() + EXPIRY_WARNING)


class CredentialGrant(models.Model):
    """Another team may use a credential, and never read it: for pulling or for both, for some repositories, until a moment.

    It narrows the credential and never widens it: what the credential itself may not do, no grant allows. One that was
    taken back stays, so that whoever is refused is told by whom and since when.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    credential = models.ForeignKey(Credential, models.CASCADE, related_name="grants")
    team = models.ForeignKey(Team, models.CASCADE, related_name="credential_grants")
    can_push = models.BooleanField(_("may push"), default=False)
    # As Credential.repository_pattern; empty is all that the credential serves.
    repository_pattern = models.CharField(_("repositories"), max_length=255, blank=True)
    until = models.DateTimeField(_("until"), null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = CredentialGrantQuerySet.as_manager()

    class Meta:
        ordering = ["team__name", "created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["credential", "team"],
                condition=models.Q(revoked_at=None),
                name="one_grant_a_credential_and_team",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.credential} for {self.team}"

    @property
    def is_in_force(self) -> bool:
        return self.revoked_at is None and (self.until is None or self.until > timezone.now())

    @property
    def may_push(self) -> bool:
        return self.can_push and self.credential.can_push

    @property
    def state(self) -> str:
        """One word for a badge: ended, ending or in force."""
        if not self.is_in_force:
            return "expired"
        return (
            "expiring"
            if self.until is not None and self.until <= timezone.now() + EXPIRY_WARNING
            else "ok"
        )

    @property
    def state_label(self) -> str:
        return str(
            {"expired": _("Ended"), "expiring": _("Ends soon"), "ok": _("In force")}[self.state]
        )

    def covers(self, reference: Reference) -> bool:
        """Whether its repository pattern, where there is one, covers the reference's repository."""
        return matches(self.repository_pattern, reference)
