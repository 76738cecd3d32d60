from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils.translation import gettext as _

from registry_ui.accounts.encryption import DecryptionFailed, rotate
from registry_ui.accounts.factors import rotate_secrets
from registry_ui.registries.models import Credential


class Command(BaseCommand):
    help = "Encrypts every stored secret, of credentials and of second factors, again, under the first of REGISTRY_UI_ENCRYPTION_KEYS."

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        rotated, unreadable = rotate_secrets()
        for credential in Credential.objects.select_for_update().select_related("registry").order_by("pk"):
            try:
                credential.secret_ciphertext = rotate(credential.secret_ciphertext)
            except DecryptionFailed:
                unreadable.append(f"{credential.label} ({credential.registry.host})")
                continue
            credential.save(update_fields=["secret_ciphertext"])
            rotated += 1
        self.stdout.write(_("%(count)s secrets are under the newest key.") % {"count": rotated})
        if not unreadable:
            self.stdout.write(_("The other keys can be removed from REGISTRY_UI_ENCRYPTION_KEYS."))
            return
        # What could be read is rotated all the same; raising would undo it.
        transaction.on_commit(lambda: _fail(unreadable))


def _fail(unreadable: list[str]) -> None:
    words = {"names": ", ".join(unreadable)}
    raise CommandError(_("No key opens the secrets of: %(names)s. Keep the old keys, or enter these secrets again.") % words)
