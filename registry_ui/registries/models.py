import uuid
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from registry_ui.accounts.models import Team, TeamOwnedQuerySet
from registry_ui.oci.errors import OciError, StoredError
from registry_ui.oci.reference import normalise_host
from registry_ui.providers.catalogue import (
    BUILTIN,
    GENERAL,
    provider_choices,
    provider_named,
)
from registry_ui.providers.endpoints import approved_token_hosts
from registry_ui.providers.provider import Provider
from registry_ui.web.errors import describe

__all__ = ["Health", "Listing", "Registry", "Security", "update_row", "validate_host"]


def validate_host(text: str) -> None:
    try:
        normalise_host(text)
    except OciError as exc:
        raise ValidationError(str(describe(exc))) from exc


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
    NONE = "none", _("None: only repositories added by name or used")


class RegistryQuerySet(TeamOwnedQuerySet["Registry"]):
    def with_credential_counts(self) -> "RegistryQuerySet":
        # A GROUP BY drops the model's own ordering.
        return self.annotate(credential_count=models.Count("credentials")).order_by(
            Lower("name"), "host"
        )

    def builtin(self) -> "RegistryQuerySet":
        """Return the rows of the built-in registry, one in each team."""
        return self.filter(provider=BUILTIN.name)

    def external(self) -> "RegistryQuerySet":
        return self.exclude(provider=BUILTIN.name)

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
        _("kind"), max_length=20, choices=provider_choices, default=GENERAL.name
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
    # A `StoredError` of `oci.errors`.
    health_error = models.JSONField(null=True, blank=True)
    # The stages of the latest connection check, as connection.Stage has them.
    report = models.JSONField(default=list, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    # Hours between two index runs; 0 means that only people start one.
    index_hours = models.PositiveSmallIntegerField(
        _("hours between looks at its contents"), default=6
    )
    # Namespaces or projects to list; empty means those of the login.
    namespaces = models.JSONField(_("namespaces to list"), default=list, blank=True)
    next_index_at = models.DateTimeField(null=True, blank=True)
    indexed_at = models.DateTimeField(null=True, blank=True)
    listing = models.CharField(max_length=10, choices=Listing.choices, default=Listing.UNKNOWN)
    # The reason for an incomplete or missing list of repositories, with advice.
    listing_error = models.JSONField(null=True, blank=True)
    # Limits of all mirrors of the team together; 0 means the installation's own limit
    # (REGISTRY_UI_MIRROR_…).
    mirror_max_requests = models.PositiveSmallIntegerField(
        _("requests at once, for mirrors"), default=0
    )
    mirror_max_kib_per_second = models.PositiveIntegerField(
        _("KiB a second, for mirrors"), default=0
    )
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
            models.UniqueConstraint(fields=["team", "host"], name="unique_registry_host_per_team")
        ]

    def __str__(self) -> str:
        return self.name

    def get_provider(self) -> Provider:
        return provider_named(self.provider)

    @property
    def is_builtin(self) -> bool:
        return self.provider == BUILTIN.name

    @property
    def is_encrypted(self) -> bool:
        return self.security != Security.PLAIN_HTTP

    @property
    def approved_token_hosts(self) -> tuple[str, ...]:
        """The other hosts to which credentials may be sent: the provider's and configured ones."""
        return approved_token_hosts(self.host, self.token_hosts)

    def mark_health(
        self,
        health: Health,
        error: StoredError | None = None,
        report: list[dict[str, Any]] | None = None,
    ) -> None:
        update_row(
            self,
            health=health,
            health_error=error,
            report=report or [],
            checked_at=timezone.now(),
        )


def update_row(row: models.Model, **values: Any) -> None:
    """Set the values on the object and in the database; do nothing if the row is gone."""
    for name, value in values.items():
        setattr(row, name, value)

    # `save()` would raise, or insert the row again, if somebody has removed it meanwhile.
    type(row)._default_manager.filter(pk=row.pk).update(**values)
