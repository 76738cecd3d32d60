from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db import models, transaction
from django.utils.translation import gettext as _

from registry_ui.accounts.encryption import DecryptionFailed, rotate
from registry_ui.accounts.sign_in.factors import rotate_secrets

_ENDING = "_ciphertext"


class Command(BaseCommand):
    help = (
        "Encrypts every stored secret, of credentials and of second factors, again, under the "
        "first of REGISTRY_UI_ENCRYPTION_KEYS."
    )

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        rotated, unreadable = rotate_secrets()
        for row, column in _encrypted_columns():
            try:
                setattr(row, column, rotate(getattr(row, column)))
            except DecryptionFailed:
                unreadable.append(f"{row._meta.verbose_name} {row}")
                continue
            row.save(update_fields=[column])
            rotated += 1

        self.stdout.write(_("%(count)s secrets are under the newest key.") % {"count": rotated})
        if not unreadable:
            self.stdout.write(_("The other keys can be removed from REGISTRY_UI_ENCRYPTION_KEYS."))
            return

        # Raising inside the transaction would undo the rotation of the readable secrets.
        transaction.on_commit(lambda: _fail(unreadable))


def _encrypted_columns() -> Iterator[tuple[models.Model, str]]:
    """Yield every row of every app with an encrypted column, and the column's name."""
    # By the column's name: this app cannot import the apps above, which have secrets too.
    for model in apps.get_models():
        for column in [
            field.name for field in model._meta.concrete_fields if field.name.endswith(_ENDING)
        ]:
            for row in (
                model._default_manager.select_for_update().exclude(**{column: ""}).order_by("pk")
            ):
                yield row, column


def _fail(unreadable: list[str]) -> None:
    parameters = {"names": ", ".join(unreadable)}
    raise CommandError(
        _(
            "No key opens the secrets of: %(names)s. Keep the old keys, or enter these secrets "
            "again."
        )
        % parameters
    )
