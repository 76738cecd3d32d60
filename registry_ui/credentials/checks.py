"""The system check that makes `manage.py migrate` fail if no key decrypts the stored secrets."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning
from django.db import DatabaseError

from registry_ui.accounts.encryption import DecryptionFailed

from .models import Credential

_LOST = (
    "Set REGISTRY_UI_ENCRYPTION_KEYS to the keys with which they were stored. If these are lost "
    "for good, start with "
    "REGISTRY_UI_ACCEPT_LOST_SECRETS=true and enter the secrets again."
)


def check_stored_secrets(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Return an error if no stored secret can be decrypted, a warning if some cannot."""
    if not databases:
        return []
    try:
        labels = [
            (str(credential), _is_readable(credential))
            for credential in Credential.objects.select_related("registry")
        ]
    except DatabaseError:
        return []  # before the first migration
    unreadable = [label for label, is_readable in labels if not is_readable]
    if not unreadable:
        return []

    # All of them at once means that the keys belong to another installation.
    if len(unreadable) == len(labels) and not settings.ACCEPT_LOST_SECRETS:
        return [
            Error(
                "None of the encryption keys opens the stored secrets.",
                hint=_LOST,
                id="credentials.E001",
            )
        ]

    names = ", ".join(unreadable[:5])
    return [
        Warning(
            f"{len(unreadable)} stored secrets do not open with the encryption keys: {names}.",
            hint=_LOST,
            id="credentials.W001",
        )
    ]


def _is_readable(credential: Credential) -> bool:
    try:
        credential.secret.reveal()
    except DecryptionFailed:
        return False
    return True
