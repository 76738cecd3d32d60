import pytest
from cryptography.fernet import Fernet

from registry_ui.accounts.encryption import DecryptionFailed
from registry_ui.credentials.models import Credential
from registry_ui.credentials.services import check_login
from registry_ui.oci.errors import ConnectionFailed, Unauthorized
from registry_ui.registries.models import Health
from registry_ui.web.errors import describe
from tests.parts.error_texts import stored_error
from tests.parts.registry_rows import CANARY


def test_a_real_login_succeeds_and_is_remembered(
    htpasswd_row, htpasswd_registry, make_credential
) -> None:
    credential = make_credential(
        htpasswd_row,
        htpasswd_registry.username,
        htpasswd_registry.password,
        verify_error=stored_error("old"),
    )
    assert check_login(credential).startswith("Login succeeded")
    stored = Credential.objects.get(pk=credential.pk)
    assert stored.verified_at is not None
    assert stored.verify_error is None
    assert stored.state == "verified"


def test_a_wrong_secret_is_refused_and_remembered(
    make_registry, token_registry, make_credential
) -> None:
    credential = make_credential(make_registry(token_registry), token_registry.username, CANARY)
    with pytest.raises(Unauthorized) as caught:
        check_login(credential)
    stored = Credential.objects.get(pk=credential.pk)
    assert stored.state == "failed"
    assert stored.verified_at is None
    assert describe(caught.value).advice
    assert (
        CANARY
        not in f"{caught.value!r}{caught.value}{describe(caught.value).advice}{stored.verify_error}"
    )


def test_a_registry_that_does_not_answer_says_nothing_about_the_credential(
    make_registry, make_credential
) -> None:
    row = make_registry(host="127.0.0.1:1", security="plain_http")
    credential = make_credential(row)
    with pytest.raises(ConnectionFailed):
        check_login(credential)
    row.refresh_from_db()
    assert row.health == Health.FAILING
    assert Credential.objects.get(pk=credential.pk).verify_error is None


def test_a_login_that_works_shows_that_the_registry_answers_again(
    htpasswd_row, htpasswd_registry, make_credential
) -> None:
    htpasswd_row.mark_health(Health.FAILING, "gone")
    check_login(
        make_credential(htpasswd_row, htpasswd_registry.username, htpasswd_registry.password)
    )
    htpasswd_row.refresh_from_db()
    assert htpasswd_row.health == Health.HEALTHY


def test_an_open_registry_proves_nothing_and_the_sentence_says_so(
    make_registry, registry, make_credential
) -> None:
    assert "asks for no login" in check_login(make_credential(make_registry(registry)))


def test_an_identity_token_logs_in(make_registry, token_registry, make_credential) -> None:
    token = token_registry.token_server.refresh_token_for(token_registry.username)
    assert "identity token" in check_login(
        make_credential(make_registry(token_registry), "<token>", token)
    )


def test_a_secret_that_cannot_be_read_sends_no_request(
    settings, make_registry, token_registry, make_credential
) -> None:
    credential = make_credential(make_registry(token_registry), secret=CANARY)
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(DecryptionFailed):
        check_login(credential)
    assert token_registry.token_server.requests == []
    assert Credential.objects.get(pk=credential.pk).state == "failed"
