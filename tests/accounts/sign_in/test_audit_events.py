"""Audit events of sign-in."""

import pytest
from django.test import Client

from registry_ui.accounts.models import Action, AuditEvent
from tests.conftest import PASSWORD

LOGIN = "/account/login/"


def sign_in(login: str, password: str, address: str = "192.0.2.44") -> Client:
    client = Client(REMOTE_ADDR=address)
    client.post(LOGIN, {"login": login, "password": password})
    return client


def test_sign_in_and_sign_out_are_recorded_with_the_address(alice) -> None:
    sign_in("alice", PASSWORD).post("/account/logout/")
    started = AuditEvent.objects.get(action=Action.SIGNED_IN)
    assert (started.actor_kind, started.actor_name, started.address, started.details) == (
        "person",
        "alice",
        "192.0.2.44",
        {"methods": ["password"]},
    )
    assert AuditEvent.objects.get(action=Action.SIGNED_OUT).actor_name == "alice"


@pytest.mark.parametrize("login", ["alice", "ALICE@example.com"])
def test_a_refusal_names_an_existing_account(alice, login) -> None:
    sign_in(login, "wrong")
    event = AuditEvent.objects.get()
    assert (event.action, event.outcome, event.actor_kind, event.actor_name) == (
        Action.SIGN_IN_REFUSED,
        "refused",
        "anonymous",
        "",
    )
    assert (event.object_name, event.object_key, event.address) == (
        "alice",
        str(alice.pk),
        "192.0.2.44",
    )


def test_typed_text_is_not_recorded(alice) -> None:
    sign_in("my-secret-canary", "x")
    sign_in("alice", "other-canary")
    assert AuditEvent.objects.filter(action=Action.SIGN_IN_REFUSED).count() == 2
    assert "canary" not in str(list(AuditEvent.objects.values()))


def test_the_password_of_a_deactivated_account_is_refused(alice) -> None:
    alice.is_active = False
    alice.save(update_fields=["is_active"])
    sign_in("alice", PASSWORD)
    assert [event.action for event in AuditEvent.objects.all()] == [Action.SIGN_IN_REFUSED]


def test_a_new_password_is_recorded_without_the_password(client_for, alice) -> None:
    values = {
        "oldpassword": PASSWORD,
        "password1": "quite another canary",
        "password2": "quite another canary",
    }
    client_for(alice).post("/account/password/change/", values)
    assert AuditEvent.objects.get(action=Action.PASSWORD_CHANGED).object_name == "alice"
    assert "canary" not in str(list(AuditEvent.objects.values()))
