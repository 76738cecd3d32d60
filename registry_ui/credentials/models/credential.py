import fnmatch
import uuid
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from registry_ui.accounts.encryption import SealedSecret, encrypt, row_label
from registry_ui.accounts.models import Team, TeamOwnedQuerySet
from registry_ui.oci.errors import StoredError
from registry_ui.oci.reference import Reference
from registry_ui.registries.models import Registry, update_row

# The same warning period for secrets, grants and certificates.
EXPIRY_WARNING = timedelta(days=14)


class CredentialQuerySet(TeamOwnedQuerySet["Credential"]):
    """A queryset of credentials. A person sees those of their teams, and never a secret."""

    def usable_by(self, team: Team) -> "CredentialQuerySet":
        """Return the team's credentials and those shared with it, valid for a use or not.

        The rows come with their registry, team and grants, which the checks in `sharing` read.
        """
        # A subquery: a join with the grants could return a credential several times.
        shared = Credential.objects.filter(grants__team=team, grants__revoked_at=None).values("pk")
        # The foreign keys do not exclude a registry of another team; such a row is never used.
        rows = self.filter(
            models.Q(team=team) | models.Q(pk__in=shared), registry__team=models.F("team")
        )
        return rows.select_related("registry", "team").prefetch_related("grants")

    def for_host(self, team: Team, host: str) -> "CredentialQuerySet":
        return self.usable_by(team).filter(registry__host=host)

    def with_problems(self) -> "CredentialQuerySet":
        """Return credentials that were refused, have expired or expire soon."""
        return self.filter(
            models.Q(verify_error__isnull=False)
            | models.Q(expires_at__lte=timezone.now() + EXPIRY_WARNING)
        )


class Credential(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="credentials")
    registry = models.ForeignKey(Registry, models.CASCADE, related_name="credentials")
    label = models.CharField(_("label"), max_length=100)
    username = models.CharField(_("username"), max_length=255)
    # Written by `set_secret` only, and never rendered by a page.
    secret_ciphertext = models.TextField(editable=False)
    # A pattern as in `fnmatch`; empty means every repository of the registry.
    repository_pattern = models.CharField(_("repositories"), max_length=255, blank=True)
    # A promise of the team, not of the registry: a pull-only credential is never used to push.
    can_push = models.BooleanField(_("may push"), default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    # Shown on the page, because the secret itself cannot be shown.
    secret_changed_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    verified_at = models.DateTimeField(null=True, blank=True)
    # The registry's answer to the latest refused login; empty after a login that succeeded.
    # A `StoredError` of `oci.errors`.
    verify_error = models.JSONField(null=True, blank=True)
    # The latest use. `used_by` is a name, because the person may be removed; `used_for` is a
    # reference or a description of what the index did.
    used_at = models.DateTimeField(null=True, blank=True)
    used_by = models.CharField(max_length=150, blank=True)
    used_for = models.CharField(max_length=600, blank=True)

    objects = CredentialQuerySet.as_manager()

    class Meta:
        ordering = ["label"]
        constraints = [
            models.UniqueConstraint(fields=["registry", "label"], name="unique_label_per_registry")
        ]

    def __str__(self) -> str:
        return f"{self.label} ({self.username})"

    @property
    def secret(self) -> SealedSecret:
        return SealedSecret(self.secret_ciphertext, self._secret_row)

    def set_secret(self, secret: str) -> None:
        """Encrypt the secret for this row and the registry's current host. Does not save."""
        self.secret_ciphertext = encrypt(secret, self._secret_row)
        self.secret_changed_at = timezone.now()

    @property
    def _secret_row(self) -> str:
        # The host is part of the associated data: a secret does not decrypt for another host.
        return row_label(self, "secret", self.registry.host)

    @property
    def is_expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()

    @property
    def expires_soon(self) -> bool:
        return (
            self.expires_at is not None
            and not self.is_expired
            and self.expires_at <= timezone.now() + EXPIRY_WARNING
        )

    @property
    def state(self) -> str:
        """The key of the badge that shows the state of the login."""
        # The order is by severity: an expired secret is never sent, whatever its last test said.
        if self.is_expired:
            return "expired"
        if self.verify_error:
            return "failed"
        if self.expires_soon:
            return "expiring"
        return "verified" if self.verified_at else "unknown"

    @property
    def state_label(self) -> str:
        labels = {
            "expired": _("Expired"),
            "failed": _("Login failed"),
            "expiring": _("Expires soon"),
            "verified": _("Login succeeded"),
            "unknown": _("Not tested"),
        }
        return str(labels[self.state])

    def mark_verified(self) -> None:
        update_row(self, verified_at=timezone.now(), verify_error=None)

    def mark_refused(self, error: StoredError) -> None:
        update_row(self, verify_error=error)

    def mark_used(self, by: str = "", target: str = "") -> None:
        update_row(self, used_at=timezone.now(), used_by=by[:150], used_for=target[:600])

    def serves(self, reference: Reference) -> bool:
        """Return whether the repository pattern, if any, matches the reference's repository."""
        return matches(self.repository_pattern, reference)


def matches(pattern: str, reference: Reference) -> bool:
    # Case-sensitive on every platform, unlike `fnmatch.fnmatch`.
    return not pattern or fnmatch.fnmatchcase(reference.repository, pattern)
