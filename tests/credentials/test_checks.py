import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from registry_ui.credentials.checks import check_stored_secrets
from registry_ui.registries.models import Registry
from tests.transfers.conftest import add_credential

pytestmark = pytest.mark.django_db


@pytest.fixture
def credential(team):
    return add_credential(
        Registry.objects.get(team=team, host="docker.io"), "robot", "secret", label="first"
    )


def message_ids():
    return [message.id for message in check_stored_secrets(databases=["default"])]


def test_with_the_right_key_there_is_nothing_to_say(credential):
    assert message_ids() == []


def test_an_installation_without_secrets_starts_with_any_key(team, settings):
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    assert message_ids() == []


def test_with_another_key_the_start_is_refused(credential, settings):
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]

    with pytest.raises(SystemCheckError, match="REGISTRY_UI_ENCRYPTION_KEYS"):
        call_command("migrate", verbosity=0, skip_checks=False)


def test_after_a_rotation_with_both_keys_all_is_well(credential, settings):
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *settings.ENCRYPTION_KEYS]
    assert message_ids() == []


def test_a_key_that_was_dropped_too_early_is_a_warning_with_names(credential, settings):
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    add_credential(credential.registry, "newer", "secret", label="second")

    messages = check_stored_secrets(databases=["default"])

    assert [message.id for message in messages] == ["credentials.W001"]
    assert "first" in messages[0].msg
    assert "second" not in messages[0].msg


def test_lost_keys_can_be_accepted(credential, settings):
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    settings.ACCEPT_LOST_SECRETS = True
    assert message_ids() == ["credentials.W001"]
