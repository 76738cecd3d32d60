import fnmatch
import uuid
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from registry_ui.accounts.encryption import SealedSecret, encrypt, row_label
from registry_ui.accounts.models import Team, TeamOwnedQuerySet
from registry_ui.oci.errors import OciError
from registry_ui.oci.reference import Reference, normalise_host

from ..providers import Provider, ProviderFacts, provider_facts

__all__ = ["Credential", "Health", "Provider", "Registry", "Security"]

# The same warning period for secrets, grants and certificates.
EXPIRY_WARNING = timedelta(days=14)


def validate_host(text: str) -> None:
    try:
        normalise_host(text)
    except OciError as exc:
        raise ValidationError(f"{exc.message} {exc.advice}") from exc


class Security(models.TextChoices):
    VERIFY = "verify", _("HTTPS, certificate checked against the public authorities")
    OWN_CA = "own_ca", _("HTTPS, certificate checked against your own authority")
    PLAIN_HTTP = "plain_http", _("Plain HTTP: nothing is encrypted, the password included")


class Health(models.TextChoices):
    UNKNOWN = "unknown", _("Not checked")
    HEALTHY = "healthy", _("Answers")
    FAILING = "failing", _("Does not answer")


class Listing(models.TextChoices):
    """The source of a registry's list of repositories."""

    UNKNOWN = "unknown", _("Not tried")
    CATALOG = "catalog", _("The registry's own catalogue")
    PROVIDER = "provider", _("The provider's list")
    NONE = "none", _("None: pinned and used repositories only")


class RegistryQuerySet(TeamOwnedQuerySet):
    def with_credential_counts(self) -> "RegistryQuerySet":
        # A GROUP BY drops the model's own ordering.
        return self.annotate(credential_count=models.Count("credentials")).order_by(
            Lower("name"), "host"
        )

    def failing(self) -> "RegistryQuerySet":
        return self.filter(health=Health.FAILING)

    def overdue(self, age: timedelta) -> "RegistryQuerySet":
        """Return registries whose latest check is older than `age`, the oldest first."""
        return self.filter(checked_at__lt=timezone.now() - age).order_by("checked_at")


class Registry(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # The built-in registry has a row in every team too, so that it is listed like the others.
    team = models.ForeignKey(Team, models.CASCADE, related_name="registries")
    name = models.CharField(_("name"), max_length=100)
    provider = models.CharField(
        _("kind"), max_length=20, choices=Provider.choices, default=Provider.PRIVATE
    )
    host = models.CharField(_("host"), max_length=255, validators=[validate_host])
    security = models.CharField(
        _("connection"), max_length=12, choices=Security.choices, default=Security.VERIFY
    )
    ca_certificate = models.TextField(_("authority's certificate (PEM)"), blank=True)
    # Host names and patterns of token servers that an admin has approved for the credentials.
    token_hosts = models.JSONField(_("token servers"), default=list, blank=True)
    health = models.CharField(max_length=10, choices=Health.choices, default=Health.UNKNOWN)
    # A sentence for people, already in the language of the request or worker that checked.
    health_message = models.CharField(max_length=500, blank=True)
    # The stages of the latest connection check, as connection.Stage has them.
    report = models.JSONField(default=list, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    # Hours between two index runs; 0 means that only people start one.
    index_hours = models.PositiveSmallIntegerField(
        _("hours between looks at its contents"), default=6
    )
    # Namespaces (Docker Hub) or projects (Harbor) to list; empty means those of the login.
    namespaces = models.JSONField(_("namespaces to list"), default=list, blank=True)
    next_index_at = models.DateTimeField(null=True, blank=True)
    indexed_at = models.DateTimeField(null=True, blank=True)
    listing = models.CharField(max_length=10, choices=Listing.choices, default=Listing.UNKNOWN)
    # The reason for an incomplete or missing list of repositories, with advice.
    listing_message = models.CharField(max_length=1000, blank=True)
    # Limits of all mirrors of the team together; 0 means the installation's own limit
    # (REGISTRY_UI_MIRROR_…).
    most_requests = models.PositiveSmallIntegerField(_("requests at once, for mirrors"), default=0)
    most_kib_per_second = models.PositiveIntegerField(_("KiB a second, for mirrors"), default=0)
    # Totals of the latest index run, stored because counting is slow for large registries.
    repository_count = models.PositiveIntegerField(default=0)
    tag_count = models.PositiveIntegerField(default=0)
    # Bytes of all blobs of the indexed tags, each blob counted once.
    size = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    objects = RegistryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "registries"
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["team", "host"], name="one_registry_a_host_in_a_team")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def facts(self) -> ProviderFacts:
        return provider_facts(self.provider)

    @property
    def is_builtin(self) -> bool:
        return self.provider == Provider.BUILTIN

    @property
    def is_encrypted(self) -> bool:
        return self.security != Security.PLAIN_HTTP

    @property
    def approved_token_hosts(self) -> tuple[str, ...]:
        """The other hosts to which credentials may be sent: the provider's and configured ones."""
        return (
            # Token servers are approved by host name, and URL parsers return an IPv6 host
            # without its brackets.
            *self.facts.token_hosts(self.host),
            *(host.strip("[]") for host in self.token_hosts),
        )

    def mark_health(
        self, health: Health, message: str = "", report: list[dict[str, str]] | None = None
    ) -> None:
        _update_row(
            self,
            health=health,
            health_message=message[:500],
            report=report or [],
            checked_at=timezone.now(),
        )


class CredentialQuerySet(TeamOwnedQuerySet):
    """A queryset of credentials. A person sees those of their teams, and never a secret."""

    def usable_by(self, team: Team) -> "CredentialQuerySet":
        """Return the team's credentials and those shared with it, valid for a use or not.

        The rows come with their registry, team and grants, which the checks in `lending` read.
        """
        shared = Credential.objects.filter(grants__team=team, grants__revoked_at=None).values("pk")
        rows = self.filter(
            models.Q(team=team) | models.Q(pk__in=shared), registry__team=models.F("team")
        )
        return rows.select_related("registry", "team").prefetch_related("grants")

    def for_host(self, team: Team, host: str) -> "CredentialQuerySet":
        return self.usable_by(team).filter(registry__host=host)

    def in_trouble(self) -> "CredentialQuerySet":
        """Return credentials that were refused, have expired or expire soon."""
        return self.filter(
            ~models.Q(verify_error="") | models.Q(expires_at__lte=timezone.now() + EXPIRY_WARNING)
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
    verify_error = models.CharField(max_length=500, blank=True)
    # The latest use. `used_by` is a name, because the person may be removed; `used_for` is a
    # reference or a description of what the index did.
    used_at = models.DateTimeField(null=True, blank=True)
    used_by = models.CharField(max_length=150, blank=True)
    used_for = models.CharField(max_length=600, blank=True)

    objects = CredentialQuerySet.as_manager()

    class Meta:
        ordering = ["label"]
        constraints = [
            models.UniqueConstraint(fields=["registry", "label"], name="one_label_a_registry")
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
        _update_row(self, verified_at=timezone.now(), verify_error="")

    def mark_refused(self, message: str) -> None:
        _update_row(self, verify_error=message[:500])

    def mark_used(self, by: str = "", what: str = "") -> None:
        _update_row(self, used_at=timezone.now(), used_by=by[:150], used_for=what[:600])

    def serves(self, reference: Reference) -> bool:
        """Return whether the repository pattern, if any, matches the reference's repository."""
        return matches(self.repository_pattern, reference)


def matches(pattern: str, reference: Reference) -> bool:
    # Case-sensitive on every platform, unlike `fnmatch.fnmatch`.
    return not pattern or fnmatch.fnmatchcase(reference.repository, pattern)


def _update_row(row: models.Model, **values: Any) -> None:
    """Set the values on the object and in the database; do nothing if the row is gone."""
    for name, value in values.items():
        setattr(row, name, value)

    # `save()` would raise, or insert the row again, if somebody has removed it meanwhile.
    type(row)._default_manager.filter(pk=row.pk).update(**values)
