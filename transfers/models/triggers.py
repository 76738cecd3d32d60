import uuid

from django.conf import settings
from django.db import models

from registry_ui.accounts.encryption import SealedSecret, encrypt, row_label
from registry_ui.accounts.models import Team

from .mirrors import Mirror


class MirrorHook(models.Model):
    """The address at which a registry tells of a push, and the secret that it shows, or signs with."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    mirror = models.OneToOneField(Mirror, models.CASCADE, related_name="hook")
    secret_ciphertext = models.TextField(editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    called_at = models.DateTimeField(null=True, blank=True)
    # What was pushed and waits for its run: [{"repository": …, "tag": …}], all of the rule where that is empty; and the moment for
    # which the call has planned that run.
    pending = models.JSONField(default=list, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"hook of {self.mirror}"

    @property
    def secret(self) -> SealedSecret:
        return SealedSecret(self.secret_ciphertext, self._secret_row)

    def set_secret(self, secret: str) -> None:
        """Encrypt for this row; the caller saves."""
        self.secret_ciphertext = encrypt(secret, self._secret_row)

    @property
    def _secret_row(self) -> str:
        return row_label(self, "secret", str(self.mirror_id))


class MirrorPause(models.Model):
    """While a team has this row, none of its mirrors starts by itself."""

    team = models.OneToOneField(Team, models.CASCADE, primary_key=True, related_name="mirror_pause")
    paused_at = models.DateTimeField(auto_now_add=True)
    paused_by = models.CharField(max_length=150, blank=True)

    def __str__(self) -> str:
        return f"pause of {self.team}"
