"""The check before a start: `manage.py migrate` refuses when no key opens the stored secrets."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning
from django.db import DatabaseError

from registry_ui.accounts.encryption import DecryptionFailed

from .models import Credential

_LOST = (
    "Set REGISTRY_UI_ENCRYPTION_KEYS to the keys with which they were stored. If these are lost for good, start with "
    "REGISTRY_UI_ACCEPT_LOST_SECRETS=true and enter the secrets again."
)


def stored_secrets_open(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """An error when no stored secret opens, as with another installation's keys; a warning when some do not."""
    if not databases:
        return []
    try:
        labels = [
            (str(credential), _opens(credential))
            for credential in Credential.objects.select_related("registry")
        ]
    except DatabaseError:
        return []  # before the first migration
    closed = [label for label, opens in labels if not opens]
    if not closed:
        return []
    if len(closed) == len(labels) and not settings.ACCEPT_LOST_SECRETS:
        return [
            Error(
                "None of the encryption keys opens the stored secrets.",
                hint=_LOST,
                id="registries.E001",
            )
        ]
    names = ", ".join(closed[:5])
    return [
        Warning(
            f"{len(closed)} stored secrets do not open with the encryption keys: {names}.",
            hint=_LOST,
            id="registries.W001",
        )
    ]


def _opens(credential: Credential) -> bool:
    try:
        credential.secret.reveal()
    except DecryptionFailed:
        return False
    return True
