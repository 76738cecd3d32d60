import io

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command

from registry_ui.credentials.models import Credential


def run(*arguments: str, **options) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out, **options)
    return out.getvalue()


def test_rotation_leaves_every_secret_under_the_newest_key(
    settings, make_registry, make_credential
) -> None:
    row = make_registry()
    make_credential(row, "one", "secret-1")
    make_credential(row, "two", "secret-2")
    new = Fernet.generate_key().decode()
    settings.ENCRYPTION_KEYS = [new, *settings.ENCRYPTION_KEYS]
    assert "2 secrets" in run("rotate_keys")
    settings.ENCRYPTION_KEYS = [new]
    assert {credential.secret.reveal() for credential in Credential.objects.all()} == {
        "secret-1",
        "secret-2",
    }


@pytest.mark.django_db(transaction=True)
def test_rotation_names_unreadable_secrets_and_rotates_the_others(
    settings, team, make_registry, make_credential
) -> None:
    row = make_registry()
    fine, lost = make_credential(row, "fine", "x"), make_credential(row, "lost")
    Credential.objects.filter(pk=lost.pk).update(secret_ciphertext="broken")
    new = Fernet.generate_key().decode()
    settings.ENCRYPTION_KEYS = [new, *settings.ENCRYPTION_KEYS]
    with pytest.raises(CommandError, match="lost"):
        run("rotate_keys")
    settings.ENCRYPTION_KEYS = [new]
    assert Credential.objects.get(pk=fine.pk).secret.reveal() == "x"
    assert Credential.objects.get(pk=lost.pk).secret_ciphertext == "broken"
