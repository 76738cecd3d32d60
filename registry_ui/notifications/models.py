import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from registry_ui.accounts.encryption import SealedSecret, encrypt, row_label
from registry_ui.accounts.models import Team, TeamOwnedQuerySet
from registry_ui.jobs.models import Job


class NotificationChannel(models.Model):
    """A recipient of a team's notices: an e-mail address, a webhook or a chat.

    Its address contains a secret.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="notification_channels")
    name = models.CharField(_("name"), max_length=100)
    # The scheme of its service; see `addresses.SERVICES`.
    scheme = models.CharField(max_length=20)

    # Encrypted, because the address of a chat or of SMTP contains a token or a password.
    address_ciphertext = models.TextField(editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    delivered_at = models.DateTimeField(null=True, blank=True)
    # The first failure since the latest delivery; null where that was the last attempt.
    failed_at = models.DateTimeField(null=True, blank=True)

    objects = TeamOwnedQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["team", "name"], name="unique_channel_name_per_team")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def address(self) -> SealedSecret:
        return SealedSecret(self.address_ciphertext, self._address_row)

    def set_address(self, address: str) -> None:
        """Encrypt an address for this row; the caller saves."""
        self.address_ciphertext = encrypt(address, self._address_row)

    @property
    def _address_row(self) -> str:
        # The label binds the ciphertext to its row and service.
        return row_label(self, "address", self.scheme)


class NoticeKind(models.TextChoices):
    FAILURE = "failure", _("Failure")
    RECOVERY = "recovery", _("Recovery")
    SUCCESS = "success", _("Success")
    TEST = "test", _("Test")


class Notice(Job):
    """A message to one channel, about one object of an app above."""

    channel = models.ForeignKey(NotificationChannel, models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=10, choices=NoticeKind.choices)
    # The label of a model and the key of its row, as this app knows no model of the apps above.
    # Both are empty for a test message.
    object_kind = models.CharField(max_length=100, blank=True)
    object_key = models.CharField(max_length=100, blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            # Two schedulers cannot notify a channel twice of one event.
            models.UniqueConstraint(
                fields=["channel", "object_kind", "object_key", "kind"],
                condition=~models.Q(object_kind=""),
                name="unique_notice_per_event",
            )
        ]
        indexes = [models.Index(fields=["channel", "-created_at"], name="notice_channel_created")]

    def __str__(self) -> str:
        return f"{self.kind} to {self.channel}"
