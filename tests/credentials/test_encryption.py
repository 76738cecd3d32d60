import logging

import pytest
from cryptography.fernet import Fernet

from registry_ui.accounts.encryption import DecryptionFailed, decrypt, encrypt, rotate
from registry_ui.credentials.models import Credential
from registry_ui.web.errors import describe
from tests.parts.error_texts import says
from tests.parts.registry_rows import CANARY


def test_a_secret_comes_back_for_its_own_row() -> None:
    assert decrypt(encrypt(CANARY, "a"), "a") == CANARY


def test_the_ciphertext_does_not_hold_the_secret() -> None:
    assert CANARY not in encrypt(CANARY, "a")


def test_with_a_wrong_key_it_fails_with_advice_and_never_returns_the_ciphertext(settings) -> None:
    sealed = encrypt(CANARY, "a")
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(DecryptionFailed) as caught:
        decrypt(sealed, "a")
    assert "REGISTRY_UI_ENCRYPTION_KEYS" in describe(caught.value).advice
    assert sealed not in str(caught.value)


def test_an_older_key_still_opens_and_rotation_uses_the_newest(settings) -> None:
    old, new = settings.ENCRYPTION_KEYS[0], Fernet.generate_key().decode()
    sealed = encrypt(CANARY, "a")
    settings.ENCRYPTION_KEYS = [new, old]
    rotated = rotate(sealed)
    settings.ENCRYPTION_KEYS = [new]
    assert decrypt(rotated, "a") == CANARY


def test_a_ciphertext_moved_to_another_row_is_refused(make_registry, make_credential) -> None:
    registry = make_registry()
    one, other = make_credential(registry, "one", CANARY), make_credential(registry, "other", "x")
    Credential.objects.filter(pk=other.pk).update(secret_ciphertext=one.secret_ciphertext)
    with pytest.raises(DecryptionFailed, check=says("another credential")):
        Credential.objects.get(pk=other.pk).secret.reveal()


def test_a_secret_is_bound_to_the_host_that_it_was_entered_for(
    make_registry, make_credential
) -> None:
    registry = make_registry(host="registry.example.com")
    credential = make_credential(registry, secret=CANARY)
    registry.host = "evil.example.com"
    registry.save(update_fields=["host"])
    with pytest.raises(DecryptionFailed, check=says("another host")):
        Credential.objects.get(pk=credential.pk).secret.reveal()


def test_printing_logging_and_formatting_a_secret_show_nothing(
    make_registry, make_credential, caplog
) -> None:
    credential = make_credential(make_registry(), secret=CANARY)
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("tests").warning(
            "%s %r %s", credential.secret, credential.secret, vars(credential)
        )
    assert CANARY not in caplog.text
    assert CANARY not in f"{credential!r} {credential} {credential.secret!s:>20}"
