from functools import partial

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from registry_ui.credentials import services
from registry_ui.credentials.models import Credential
from registry_ui.registries.models import Registry

CREDENTIAL = {
    "label": "",
    "username": "robot",
    "repository_pattern": "",
    "can_push": True,
    "expires_at": None,
}


@pytest.fixture
def row(make_registry):
    return make_registry(host="registry.example.com")


def test_the_same_label_twice_at_the_same_moment_is_a_sentence(row, alice) -> None:
    services.add_credential(
        registry=row, user=alice, values={**CREDENTIAL, "label": "x"}, secret="s"
    )
    with pytest.raises(ValidationError, match="already"):
        services.add_credential(
            registry=row, user=alice, values={**CREDENTIAL, "label": "x"}, secret="s"
        )


def test_an_empty_label_is_the_username(row, alice) -> None:
    assert (
        services.add_credential(registry=row, user=alice, values=CREDENTIAL, secret="s").label
        == "robot"
    )
    assert (
        services.add_credential(registry=row, user=alice, values=CREDENTIAL, secret="s").label
        == "robot 2"
    )


def test_a_credential_is_not_added_to_a_host_that_was_changed_meanwhile(row, alice) -> None:
    Registry.objects.filter(pk=row.pk).update(host="evil.example.com")
    with pytest.raises(ValidationError, match="changed meanwhile"):
        services.add_credential(registry=row, user=alice, values=CREDENTIAL, secret="s")
    assert not Credential.objects.exists()


def test_only_admins_of_the_team_change_its_credentials(row, alice, bob) -> None:
    credential = services.add_credential(registry=row, user=alice, values=CREDENTIAL, secret="s")
    changes = (
        partial(services.add_credential, registry=row, values=CREDENTIAL, secret="s"),
        partial(services.change_credential, credential=credential, values=CREDENTIAL),
        partial(
            services.rotate_credential,
            credential=credential,
            secret="new",
            expires_at=None,
            is_verified=True,
        ),
        partial(services.remove_credential, credential=credential),
    )

    for change in changes:
        with pytest.raises(PermissionDenied):
            change(user=bob)

    assert Credential.objects.get().secret.reveal() == "s"
