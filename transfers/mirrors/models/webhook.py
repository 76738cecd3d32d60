import uuid

from django.conf import settings
from django.db import models

from registry_ui.accounts.encryption import SealedSecret, encrypt, row_label
from registry_ui.accounts.models import Team

from .mirror import Mirror


class MirrorWebhook(models.Model):
    """The webhook of a mirror, with the secret that authenticates its calls."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    mirror = models.OneToOneField(Mirror, models.CASCADE, related_name="webhook")
    secret_ciphertext = models.TextField(editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    called_at = models.DateTimeField(null=True, blank=True)
    # The pushed tags that wait for a run: [{"repository": …, "tag": …}]; empty for the whole
    # mirror.
    pending = models.JSONField(default=list, blank=True)

    # The time for which a call has scheduled the run; null where none waits.
    due_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"webhook of {self.mirror}"

    @property
    def secret(self) -> SealedSecret:
        return SealedSecret(self.secret_ciphertext, self._secret_row)

    def set_secret(self, secret: str) -> None:
        """Encrypt a secret for this row; the caller saves."""
        self.secret_ciphertext = encrypt(secret, self._secret_row)

    @property
    def _secret_row(self) -> str:
        # The label binds the ciphertext to its row, so it cannot be moved to another mirror.
        return row_label(self, "secret", str(self.mirror_id))


class MirrorPause(models.Model):
    """A pause of all mirrors of a team."""

    team = models.OneToOneField(Team, models.CASCADE, primary_key=True, related_name="mirror_pause")
    paused_at = models.DateTimeField(auto_now_add=True)
    paused_by = models.CharField(max_length=150, blank=True)

    def __str__(self) -> str:
        return f"pause of {self.team}"
