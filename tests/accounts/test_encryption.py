import json

import pytest
from cryptography.fernet import Fernet

from registry_ui.accounts.encryption import (
    DecryptionFailed,
    SealedSecret,
    decrypt,
    encrypt,
    rotate,
    row_label,
)
from registry_ui.accounts.models import Team

ROW = "credentials.credential.secret:1@registry.example"


def test_a_secret_comes_back_and_its_text_is_not_in_the_ciphertext():
    ciphertext = encrypt("canary-secret", ROW)

    assert decrypt(ciphertext, ROW) == "canary-secret"
    assert "canary" not in ciphertext
    # The same secret twice gives nobody a hint.
    assert encrypt("canary-secret", ROW) != ciphertext


def test_a_ciphertext_of_another_row_is_refused():
    with pytest.raises(DecryptionFailed):
        decrypt(encrypt("canary-secret", ROW), ROW.replace("registry", "evil"))


@pytest.mark.parametrize("damage", ["", "no token", "gAAAAA"])
def test_a_damaged_ciphertext_is_refused(damage):
    with pytest.raises(DecryptionFailed) as raised:
        decrypt(damage, ROW)
    assert "canary" not in str(raised.value)


def test_the_newest_key_encrypts_and_the_older_ones_still_open(settings):
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.ENCRYPTION_KEYS = [old]
    ciphertext = encrypt("s", ROW)

    settings.ENCRYPTION_KEYS = [new, old]
    rotated = rotate(ciphertext)
    assert decrypt(ciphertext, ROW) == decrypt(rotated, ROW) == "s"

    settings.ENCRYPTION_KEYS = [new]
    assert decrypt(rotated, ROW) == "s"
    for use in (lambda: decrypt(ciphertext, ROW), lambda: rotate(ciphertext)):
        with pytest.raises(DecryptionFailed):
            use()


def test_a_sealed_secret_shows_itself_to_reveal_only():
    sealed = SealedSecret(encrypt("canary-secret", ROW), ROW)

    assert sealed.reveal() == "canary-secret"
    assert str(sealed) == repr(sealed) == f"{sealed}" == "••••••••"
    assert bool(sealed)
    assert (str(SealedSecret("", ROW)), bool(SealedSecret("", ROW))) == ("", False)


def test_the_label_names_the_model_the_field_the_row_and_the_host():
    assert row_label(Team(pk=7), "secret", "host") == "accounts.team.secret:7@host"


@pytest.mark.parametrize("secret", ["", " a\n", "密码 🔑", '","row":"b', "x" * 20_000])
def test_every_text_comes_back_unchanged(secret):
    assert decrypt(encrypt(secret, "a"), "a") == secret


def test_a_sealed_secret_is_not_serialised_as_json():
    with pytest.raises(TypeError):
        json.dumps({"secret": SealedSecret(encrypt("canary-secret", "a"), "a")})


def test_a_changed_character_is_found():
    ciphertext = encrypt("canary-secret", ROW)
    changed = ciphertext[:40] + ("A" if ciphertext[40] != "A" else "B") + ciphertext[41:]

    for use in (lambda: decrypt(changed, ROW), lambda: rotate(changed)):
        with pytest.raises(DecryptionFailed):
            use()


def test_rotation_keeps_the_row_of_a_secret():
    rotated = rotate(encrypt("canary-secret", ROW))

    with pytest.raises(DecryptionFailed):
        decrypt(rotated, ROW.replace("registry", "evil"))
