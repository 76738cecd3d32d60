import getpass
import io
import sys

import pytest
from django.core.management import CommandError, call_command

from registry_ui.credentials.models import Credential
from registry_ui.registries.models import Registry
from tests.parts.registry_rows import CANARY


def run(*arguments: str, **options) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out, **options)
    return out.getvalue()


@pytest.fixture
def type_in(monkeypatch):
    """Return a function that sets the input of --password-stdin."""
    return lambda text: monkeypatch.setattr(sys, "stdin", io.StringIO(text))


def test_a_login_that_succeeds_is_kept_with_its_registry(team, htpasswd_registry, type_in) -> None:
    type_in(f"{htpasswd_registry.password}\n")
    out = run(
        "login",
        htpasswd_registry.host,
        "--username",
        htpasswd_registry.username,
        "--password-stdin",
        "--plain-http",
        "--label",
        "CI",
    )
    assert "Login Succeeded" in out
    stored = Credential.objects.get(registry__host=htpasswd_registry.host)
    assert (stored.label, stored.team, stored.registry.security) == ("CI", team, "plain_http")
    assert stored.secret.reveal() == htpasswd_registry.password
    assert stored.verified_at is not None


def test_a_login_that_fails_keeps_nothing_at_all(team, htpasswd_registry, type_in) -> None:
    type_in(CANARY)
    with pytest.raises(CommandError) as caught:
        run(
            "login",
            htpasswd_registry.host,
            "--username",
            "robot",
            "--password-stdin",
            "--plain-http",
        )
    assert CANARY not in repr(caught.value)
    assert not Credential.objects.exists()
    assert not Registry.objects.filter(host=htpasswd_registry.host).exists()


def test_the_password_is_prompted_for_and_never_an_argument(
    team, htpasswd_registry, monkeypatch
) -> None:
    monkeypatch.setattr(getpass, "getpass", lambda prompt: htpasswd_registry.password)
    monkeypatch.setattr("builtins.input", lambda prompt: htpasswd_registry.username)
    assert "Login Succeeded" in run("login", htpasswd_registry.host, "--plain-http")
    for argument in ("--password", "-p"):
        with pytest.raises(CommandError):
            run("login", htpasswd_registry.host, argument, "x")


def test_a_second_login_renews_the_secret_of_the_same_username(
    htpasswd_row, htpasswd_registry, make_credential, type_in
) -> None:
    known = make_credential(
        htpasswd_row, htpasswd_registry.username, "old", label="CI", repository_pattern="a/*"
    )
    type_in(htpasswd_registry.password)
    run("login", htpasswd_registry.host, "-u", htpasswd_registry.username, "--password-stdin")
    stored = Credential.objects.get()
    assert stored.pk == known.pk
    assert (stored.label, stored.repository_pattern) == ("CI", "a/*")
    assert stored.secret.reveal() == htpasswd_registry.password


def test_an_own_authority_is_read_from_a_file(team, tls_registry, tmp_path, type_in) -> None:
    authority = tmp_path / "ca.pem"
    authority.write_text(tls_registry.ca_pem)
    type_in("x")
    assert "Login Succeeded" in run(
        "login", tls_registry.host, "-u", "x", "--password-stdin", "--ca-file", str(authority)
    )
    assert Registry.objects.get(host=tls_registry.host).security == "own_ca"


def test_a_known_registrys_connection_is_not_changed_from_here(htpasswd_row, type_in) -> None:
    type_in("x")
    with pytest.raises(CommandError, match="already"):
        run("login", htpasswd_row.host, "-u", "x", "--password-stdin", "--plain-http")


def test_the_team_must_be_named_where_there_are_several(
    team, other_team, htpasswd_registry, type_in
) -> None:
    arguments = (
        "login",
        htpasswd_registry.host,
        "-u",
        htpasswd_registry.username,
        "--password-stdin",
        "--plain-http",
    )
    type_in(htpasswd_registry.password)
    with pytest.raises(CommandError, match="--team"):
        run(*arguments)
    with pytest.raises(CommandError, match="no team"):
        run(*arguments, "--team", "nobody")
    type_in(htpasswd_registry.password)
    run(*arguments, "--team", other_team.slug)
    assert Credential.objects.get().team == other_team


def test_without_a_team_it_says_what_comes_first(db) -> None:
    with pytest.raises(CommandError, match="no team yet"):
        run("login", "registry.example.com")


@pytest.mark.parametrize("host", ["not a host", "registry.invalid"])
def test_a_host_that_is_none_ends_in_a_sentence(team, type_in, host: str) -> None:
    type_in("x")
    with pytest.raises(CommandError):
        run("login", host, "-u", "x", "--password-stdin")


def test_an_empty_password_is_refused(team, htpasswd_registry, type_in) -> None:
    type_in("\n")
    with pytest.raises(CommandError, match="needed"):
        run("login", htpasswd_registry.host, "-u", "x", "--password-stdin", "--plain-http")
