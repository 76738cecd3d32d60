"""Credentials: the state that a badge shows, the pattern, and what the secret is bound to."""

from datetime import timedelta

import pytest
from django.utils import timezone

from registry_ui.accounts.encryption import DecryptionFailed
from registry_ui.credentials.models import Credential
from registry_ui.credentials.models.credential import matches
from registry_ui.oci.reference import Reference
from tests.parts.error_texts import stored_error

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]

APP = Reference.parse("registry.example.com/my-company/app:1.0")


@pytest.fixture
def credential(make_registry, make_credential):
    return make_credential(make_registry())


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [("", True), ("my-company/*", True), ("*/app", True), ("My-Company/*", False), ("app", False)],
)
def test_a_pattern_is_matched_with_its_case(pattern, expected):
    assert matches(pattern, APP) is expected


@pytest.mark.parametrize(
    ("days", "values", "state"),
    [
        (None, {}, "unknown"),
        (None, {"verified_at": timezone.now()}, "verified"),
        (30, {"verified_at": timezone.now()}, "verified"),
        (5, {"verified_at": timezone.now()}, "expiring"),
        (5, {"verify_error": stored_error("Refused.")}, "failed"),
        (-1, {"verify_error": stored_error("Refused.")}, "expired"),
    ],
)
def test_the_worst_decides_the_state(credential, days, values, state):
    expires_at = None if days is None else timezone.now() + timedelta(days=days)
    for name, value in {"expires_at": expires_at, **values}.items():
        setattr(credential, name, value)

    assert credential.state == state
    assert credential.state_label


def test_troubled_credentials_are_found(credential, make_credential):
    make_credential(credential.registry, "fine")
    assert not Credential.objects.with_problems().exists()

    credential.mark_refused(stored_error("Refused."))

    assert list(Credential.objects.with_problems()) == [credential]
    assert Credential.objects.get(pk=credential.pk).verify_error == stored_error("Refused.")
    credential.mark_verified()
    assert not Credential.objects.with_problems().exists()


def test_a_secret_does_not_decrypt_for_another_host(credential):
    credential.registry.host = "other.example.com"

    with pytest.raises(DecryptionFailed):
        credential.secret.reveal()


def test_a_long_use_fits_its_columns(credential):
    credential.mark_used("x" * 200, "y" * 700)

    stored = Credential.objects.get(pk=credential.pk)
    assert (len(stored.used_by), len(stored.used_for)) == (150, 600)
