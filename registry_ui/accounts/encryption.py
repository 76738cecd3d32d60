"""Encryption of stored secrets, with MultiFernet.

The plaintext carries the label of its row (model, field, primary key, host). A ciphertext that was
copied to another row, or whose row was changed to another host, is refused after decryption. Where
no key fits, reading raises: a ciphertext is never used as if it were the secret.
"""

import json
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models

from registry_ui.oci.errors import OciError


class DecryptionFailed(OciError):
    """A secret that no configured key decrypts, or that belongs to another row."""


# Keyed by the setting, because the tests change it.
@lru_cache
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def encrypt(secret: str, row: str) -> str:
    """Encrypt a secret for the row with this label."""
    # The label is inside of the ciphertext, so nobody changes it without a key.
    token = json.dumps({"row": row, "secret": secret}).encode()
    return _fernet(tuple(settings.ENCRYPTION_KEYS)).encrypt(token).decode()


def decrypt(ciphertext: str, row: str) -> str:
    """Decrypt a secret that was stored for the row with this label.

    Raises:
        DecryptionFailed
    """
    try:
        document = json.loads(_fernet(tuple(settings.ENCRYPTION_KEYS)).decrypt(ciphertext.encode()))
    except InvalidToken as exc:
        raise DecryptionFailed("secret_unreadable") from exc

    # Fernet authenticates the text alone. Without this check a secret could be copied in the
    # database to a row of another team, or to a row whose host receives it as a login.
    if document["row"] != row:
        raise DecryptionFailed("secret_of_another_credential")
    return str(document["secret"])


def rotate(ciphertext: str) -> str:
    """Encrypt a stored secret again, with the newest key.

    Raises:
        DecryptionFailed
    """
    try:
        # MultiFernet encrypts with its first key and decrypts with each of them.
        return _fernet(tuple(settings.ENCRYPTION_KEYS)).rotate(ciphertext.encode()).decode()
    except InvalidToken as exc:
        raise DecryptionFailed("secret_unreadable") from exc


class SealedSecret:
    """A stored secret, which only `reveal()` shows: not printing, logging or serialising."""

    __slots__ = ("_ciphertext", "_row")

    def __init__(self, ciphertext: str, row: str) -> None:
        self._ciphertext = ciphertext
        self._row = row

    def reveal(self) -> str:
        """Decrypt the secret.

        Raises:
            DecryptionFailed
        """
        return decrypt(self._ciphertext, self._row)

    def __bool__(self) -> bool:
        return bool(self._ciphertext)

    def __str__(self) -> str:
        # Always as many dots: the length would tell something about the secret.
        return "••••••••" if self._ciphertext else ""

    # Also in tracebacks and in the debugger's output.
    __repr__ = __str__


def row_label(instance: models.Model, field: str, host: str) -> str:
    return f"{instance._meta.label_lower}.{field}:{instance.pk}@{host}"
