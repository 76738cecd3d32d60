from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from registry_ui.credentials.forms import CredentialForm
from tests.parts.registry_rows import CANARY


@pytest.fixture
def row(make_registry):
    return make_registry(host="registry.example.com")


def form_of(registry, credential=None, **values) -> CredentialForm:
    secret = {} if credential else {"secret": CANARY}
    data = {"host": registry.host, "username": "robot", "can_push": "on", **secret, **values}
    return CredentialForm(data, registry=registry, credential=credential)


def test_username_and_secret_are_enough(row) -> None:
    form = form_of(row)
    assert form.is_valid(), form.errors
    assert form.values()["can_push"] is True
    assert form.login().secret == CANARY


def test_the_secret_is_never_rendered_back(row) -> None:
    form = form_of(row, label="x" * 200)
    assert not form.is_valid()
    assert CANARY not in form.as_div()
    assert CANARY not in form["secret"].as_widget()


def test_the_secret_is_required_at_first_and_kept_when_blank_later(row, make_credential) -> None:
    assert "secret" in form_of(row, secret="").errors
    form = form_of(row, make_credential(row, secret=CANARY))
    assert form.is_valid(), form.errors
    assert form.login().secret == CANARY


def test_whitespace_around_a_pasted_secret_is_dropped(row) -> None:
    form = form_of(row, secret=f"  {CANARY}\n")
    assert form.is_valid()
    assert form.login().secret == CANARY


@pytest.mark.parametrize("secret", ["two\nlines", "nul\x00l", "\x1b[31mred"])
def test_control_characters_in_a_secret_are_refused_without_showing_it(row, secret: str) -> None:
    form = form_of(row, secret=secret)
    assert "secret" in form.errors
    assert secret not in str(form.errors)


@pytest.mark.parametrize("username", ["", "a:b", "a\x00b"])
def test_a_username_that_basic_cannot_carry_is_refused(row, username: str) -> None:
    assert "username" in form_of(row, username=username).errors


def test_a_secret_typed_for_another_host_is_refused(row) -> None:
    form = form_of(row, host="old.example.com")
    assert "host" in form.errors
    assert CANARY not in str(form.errors)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("", ""),
        ("*", ""),
        ("my-company/*", "my-company/*"),
        ("my-company/", "my-company/*"),
        ("my-company/**", "my-company/*"),
        ("registry.example.com/my-company/app", "my-company/app"),
    ],
)
def test_patterns_are_put_straight(row, typed: str, kept: str) -> None:
    form = form_of(row, repository_pattern=typed)
    assert form.is_valid(), form.errors
    assert form.cleaned_data["repository_pattern"] == kept


@pytest.mark.parametrize("typed", ["My-Company/*", "a b", "app:1.0", "[a-z]/*", "x" * 300])
def test_an_invalid_pattern_is_refused(row, typed: str) -> None:
    assert "repository_pattern" in form_of(row, repository_pattern=typed).errors


def test_on_docker_hub_a_bare_account_is_no_pattern(team) -> None:
    form = form_of(team.registries.get(host="docker.io"), repository_pattern="johndoe")
    assert "johndoe/*" in str(form.errors["repository_pattern"])


def test_a_label_is_used_once_in_a_registry(row, make_credential, make_registry) -> None:
    make_credential(row, label="robot one")
    assert "label" in form_of(row, label="robot one").errors
    assert form_of(make_registry(host="other.example.com"), label="robot one").is_valid()


def test_an_expiry_lies_ahead(row) -> None:
    assert "expires_at" in form_of(row, expires_at="2020-01-01T00:00").errors
    assert form_of(row, expires_at="2099-01-01T00:00").is_valid()


def test_aws_tokens_get_their_twelve_hours_by_themselves(make_registry) -> None:
    row = make_registry(host="123456789012.dkr.ecr.eu-west-1.amazonaws.com", provider="aws_ecr")
    form = form_of(row)
    assert form.is_valid()
    assert form.cleaned_data["expires_at"] - timezone.now() > timedelta(hours=11, minutes=59)
    assert CredentialForm(registry=row)["username"].value() == "AWS"


def test_an_unchanged_expiry_keeps_its_seconds(row, make_credential) -> None:
    expires_at = datetime(2099, 1, 1, 12, 30, 45, 123, tzinfo=UTC)
    form = form_of(row, make_credential(row, expires_at=expires_at), expires_at="2099-01-01T12:30")
    assert form.is_valid()
    assert form.cleaned_data["expires_at"] == expires_at


def test_renaming_an_expired_credential_does_not_revive_it(row, make_credential) -> None:
    past = timezone.now() - timedelta(days=1)
    credential = make_credential(row, expires_at=past)
    assert CredentialForm(registry=row, credential=credential)["expires_at"].value() is None
    form = form_of(row, credential, label="New", expires_at="")
    assert form.is_valid()
    assert form.cleaned_data["expires_at"] == past


def test_a_new_secret_ends_the_old_expiry(row, make_credential) -> None:
    credential = make_credential(row, expires_at=timezone.now() - timedelta(days=1))
    form = form_of(row, credential, secret="new", expires_at="")
    assert form.is_valid()
    assert form.cleaned_data["expires_at"] is None
