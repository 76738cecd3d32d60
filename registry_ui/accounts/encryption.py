"""Secrets at rest: encrypted with MultiFernet, and each ciphertext bound to the row, and to the host, that it is for.

The plaintext inside carries the row's label (model, field, primary key, host). A ciphertext copied to another row, or whose
row was made to point at another host, decrypts but is refused. With no key that fits, reading raises: a ciphertext is never
used as if it were the secret.
"""

import json
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models
from django.utils.translation import gettext as _

from registry_ui.oci.errors import OciError


class DecryptionFailed(OciError):
    """No configured key opens the secret, or it belongs to another row."""

    def __init__(self, message: str) -> None:
        advice = _(
            "Set REGISTRY_UI_ENCRYPTION_KEYS to the keys with which it was stored, or enter the secret again."
        )
        super().__init__(message, advice=advice)


@lru_cache
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def encrypt(secret: str, row: str) -> str:
    token = json.dumps({"row": row, "secret": secret}).encode()
    return _fernet(tuple(settings.ENCRYPTION_KEYS)).encrypt(token).decode()


def decrypt(ciphertext: str, row: str) -> str:
    """
    Raises:
        DecryptionFailed
    """
    try:
        document = json.loads(_fernet(tuple(settings.ENCRYPTION_KEYS)).decrypt(ciphertext.encode()))
    except InvalidToken as exc:
        raise DecryptionFailed(_("None of the encryption keys opens this secret.")) from exc
    if document["row"] != row:
        raise DecryptionFailed(_("This secret was stored for another credential or another host."))
    return str(document["secret"])


def rotate(ciphertext: str) -> str:
    """The same secret under the newest key.

    Raises:
        DecryptionFailed
    """
    try:
        return _fernet(tuple(settings.ENCRYPTION_KEYS)).rotate(ciphertext.encode()).decode()
    except InvalidToken as exc:
        raise DecryptionFailed(_("None of the encryption keys opens this secret.")) from exc


class SealedSecret:
    """A stored secret. Printing, logging, serialising or comparing it shows nothing; `reveal()` is the one way in."""

    __slots__ = ("_ciphertext", "_row")

    def __init__(self, ciphertext: str, row: str) -> None:
        self._ciphertext = ciphertext
        self._row = row

    def reveal(self) -> str:
        """
        Raises:
            DecryptionFailed
        """
        return decrypt(self._ciphertext, self._row)

    def __bool__(self) -> bool:
        return bool(self._ciphertext)

    def __str__(self) -> str:
        return "••••••••" if self._ciphertext else ""

    __repr__ = __str__


def row_label(instance: models.Model, field: str, host: str) -> str:
    return f"{instance._meta.label_lower}.{field}:{instance.pk}@{host}"
