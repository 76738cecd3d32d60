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

from ..providers import Provider, ProviderFacts, facts_of

__all__ = ["Credential", "Health", "Provider", "Registry", "Security"]

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
    """How a registry tells which repositories it has."""

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
        """Those that somebody has checked, but not lately; the longest ago first."""
        return self.filter(checked_at__lt=timezone.now() - age).order_by("checked_at")


class Registry(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
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
    token_hosts = models.JSONField(_("token servers"), default=list, blank=True)
    health = models.CharField(max_length=10, choices=Health.choices, default=Health.UNKNOWN)
    health_message = models.CharField(max_length=500, blank=True)
    # The latest check, stage by stage: see connection.py
    report = models.JSONField(default=list, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    # The index: how often it is renewed (0: only when somebody asks), when next, and what the latest run counted
    index_hours = models.PositiveSmallIntegerField(
        _("hours between looks at its contents"), default=6
    )
    # Whose repositories to list where the provider lists by namespace (Docker Hub) or project (Harbor); empty: what the login owns
    namespaces = models.JSONField(_("namespaces to list"), default=list, blank=True)
    next_index_at = models.DateTimeField(null=True, blank=True)
    indexed_at = models.DateTimeField(null=True, blank=True)
    listing = models.CharField(max_length=10, choices=Listing.choices, default=Listing.UNKNOWN)
    # Why its repositories cannot be listed, or not all, in a sentence with its advice.
    listing_message = models.CharField(max_length=1000, blank=True)
    # What mirrors may take of it, all of this team's together; 0 is the installation's own cap (REGISTRY_UI_MIRROR_…).
    most_requests = models.PositiveSmallIntegerField(_("requests at once, for mirrors"), default=0)
    most_kib_per_second = models.PositiveIntegerField(_("KiB a second, for mirrors"), default=0)
    repository_count = models.PositiveIntegerField(default=0)
    tag_count = models.PositiveIntegerField(default=0)
    # Bytes of every blob that its indexed tags need, each once.
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
        return facts_of(self.provider)

    @property
    def is_this_server(self) -> bool:
        return self.provider == Provider.THIS

    @property
    def is_encrypted(self) -> bool:
        return self.security != Security.PLAIN_HTTP

    @property
    def approved_token_hosts(self) -> tuple[str, ...]:
        """Hosts beside its own that may be told its credentials: the provider's, and those that an admin named."""
        return (
            *self.facts.token_hosts(self.host),
            *(host.strip("[]") for host in self.token_hosts),
        )

    def mark_health(
        self, health: Health, message: str = "", report: list[dict[str, str]] | None = None
    ) -> None:
        _record(
            self,
            health=health,
            health_message=message[:500],
            report=report or [],
            checked_at=timezone.now(),
        )


class CredentialQuerySet(TeamOwnedQuerySet):
    """Credentials that a person may see the existence of are those of their teams; secrets are seen by nobody."""

    def usable_by(self, team: Team) -> "CredentialQuerySet":
        """The team's own, and those that other teams share with it, fit or not; what `lending` asks of each comes along."""
        lent = Credential.objects.filter(grants__team=team, grants__revoked_at=None).values("pk")
        rows = self.filter(
            models.Q(team=team) | models.Q(pk__in=lent), registry__team=models.F("team")
        )
        return rows.select_related("registry", "team").prefetch_related("grants")

    def for_host(self, team: Team, host: str) -> "CredentialQuerySet":
        return self.usable_by(team).filter(registry__host=host)

    def in_trouble(self) -> "CredentialQuerySet":
        """Refused, expired, or about to expire."""
        return self.filter(
            ~models.Q(verify_error="") | models.Q(expires_at__lte=timezone.now() + EXPIRY_WARNING)
        )


class Credential(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="credentials")
    registry = models.ForeignKey(Registry, models.CASCADE, related_name="credentials")
    label = models.CharField(_("label"), max_length=100)
    username = models.CharField(_("username"), max_length=255)
    secret_ciphertext = models.TextField(editable=False)
    repository_pattern = models.CharField(_("repositories"), max_length=255, blank=True)
    can_push = models.BooleanField(_("may push"), default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    secret_changed_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    verified_at = models.DateTimeField(null=True, blank=True)
    verify_error = models.CharField(max_length=500, blank=True)
    # The latest use: when, by whom (a name: the person may go) and for what (a reference, or what the index did).
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
        """Encrypt for this row and the registry's present host, and keep; the caller saves."""
        self.secret_ciphertext = encrypt(secret, self._secret_row)
        self.secret_changed_at = timezone.now()

    @property
    def _secret_row(self) -> str:
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
        """One word for a badge: what is known about the login."""
        if self.is_expired:
            return "expired"
        if self.verify_error:
            return "failed"
        if self.expires_soon:
            return "expiring"
        return "verified" if self.verified_at else "unknown"

    @property
    def state_label(self) -> str:
        words = {
            "expired": _("Expired"),
            "failed": _("Login failed"),
            "expiring": _("Expires soon"),
            "verified": _("Login succeeded"),
            "unknown": _("Not tested"),
        }
        return str(words[self.state])

    def mark_verified(self) -> None:
        _record(self, verified_at=timezone.now(), verify_error="")

    def mark_refused(self, message: str) -> None:
        _record(self, verify_error=message[:500])

    def mark_used(self, by: str = "", what: str = "") -> None:
        _record(self, used_at=timezone.now(), used_by=by[:150], used_for=what[:600])

    def serves(self, reference: Reference) -> bool:
        """Whether the repository pattern, where there is one, covers the reference's repository."""
        return matches(self.repository_pattern, reference)


def matches(pattern: str, reference: Reference) -> bool:
    return not pattern or fnmatch.fnmatchcase(reference.repository, pattern)


def _record(row: models.Model, **values: Any) -> None:
    """What was observed about a row; nothing where somebody has removed it meanwhile."""
    for name, value in values.items():
        setattr(row, name, value)
    type(row)._default_manager.filter(pk=row.pk).update(**values)
