from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from django.utils import timezone

from registry_ui.accounts.encryption import DecryptionFailed
from registry_ui.credentials.login_test import log_in
from registry_ui.credentials.services import CredentialUnusable, open_client, open_engine_login
from registry_ui.credentials.usage import CredentialUse
from registry_ui.oci.client import BasicCredential
from registry_ui.oci.errors import EgressRefused, OciError, TlsFailed, Unauthorized
from registry_ui.oci.reference import Reference
from registry_ui.oci.registry_login import RegistryLogin
from registry_ui.providers.provider import Provider
from registry_ui.web.errors import describe
from tests.parts.error_texts import says
from tests.parts.registry_rows import CANARY


def open_for(registry, credential=None, **more):
    return open_client(
        team=registry.team, reference_or_host=registry.host, credential=credential, **more
    )


def test_a_registry_row_says_how_to_connect(make_registry, tls_registry) -> None:
    with open_for(make_registry(tls_registry)) as client:
        client.ping()


def test_without_the_authority_the_certificate_is_refused(make_registry, tls_registry) -> None:
    with (
        open_for(make_registry(tls_registry, security="verify")) as client,
        pytest.raises(TlsFailed),
    ):
        client.ping()


def test_a_host_without_a_row_is_https_unless_plain_http_is_asked_for(team, registry) -> None:
    with (
        open_client(team=team, reference_or_host=registry.host, credential=None) as client,
        pytest.raises(TlsFailed, check=says("plain HTTP")),
    ):
        client.ping()
    reference = Reference.parse(f"{registry.host}/a/b:1")
    with open_client(
        team=team, reference_or_host=reference, credential=None, plain_http=True
    ) as client:
        client.ping()


def test_plain_http_asked_for_does_not_override_the_registrys_setting(
    make_registry, registry
) -> None:
    row = make_registry(registry, security="verify")
    with open_for(row, plain_http=True) as client, pytest.raises(TlsFailed):
        client.ping()


def test_the_credential_logs_in_and_its_use_is_noted(
    htpasswd_row, htpasswd_registry, make_credential
) -> None:
    credential = make_credential(
        htpasswd_row, htpasswd_registry.username, htpasswd_registry.password
    )
    with open_for(htpasswd_row, credential) as client:
        assert client.login() == "basic"
    credential.refresh_from_db()
    assert credential.used_at is not None


def test_tokens_work_too(make_registry, token_registry, make_credential) -> None:
    row = make_registry(token_registry)
    with open_for(
        row, make_credential(row, token_registry.username, token_registry.password)
    ) as client:
        assert client.login() == "token"


def test_without_a_credential_the_client_is_anonymous(
    htpasswd_row, htpasswd_registry, make_credential
) -> None:
    make_credential(htpasswd_row, htpasswd_registry.username, htpasswd_registry.password)
    with open_for(htpasswd_row) as client, pytest.raises(Unauthorized):
        client.login()


def test_a_credential_is_never_sent_to_another_host(
    htpasswd_row, make_registry, make_credential, registry
) -> None:
    credential = make_credential(htpasswd_row)
    with pytest.raises(CredentialUnusable, check=says("never sent")):
        open_client(
            team=htpasswd_row.team,
            reference_or_host=registry.host,
            credential=credential,
            plain_http=True,
        )


def test_another_teams_credential_is_refused(htpasswd_row, other_team, make_credential) -> None:
    with pytest.raises(CredentialUnusable, check=says("belong")):
        open_client(
            team=other_team,
            reference_or_host=htpasswd_row.host,
            credential=make_credential(htpasswd_row),
        )


def test_an_expired_credential_is_refused(htpasswd_row, make_credential) -> None:
    credential = make_credential(htpasswd_row, expires_at=timezone.now() - timedelta(minutes=1))
    with pytest.raises(CredentialUnusable, check=says("expired")):
        open_for(htpasswd_row, credential)


def test_with_a_wrong_key_nothing_is_sent_and_the_error_says_what_to_do(
    settings, make_registry, token_registry, make_credential
) -> None:
    row = make_registry(token_registry)
    credential = make_credential(row, "Robot", CANARY)
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(DecryptionFailed, check=says("Robot")) as caught:
        open_for(row, credential)
    assert isinstance(caught.value, OciError)
    assert "REGISTRY_UI_ENCRYPTION_KEYS" in describe(caught.value).advice
    assert token_registry.token_server.requests == []
    credential.refresh_from_db()
    assert credential.used_at is None


def test_the_egress_policy_is_the_installations(settings, make_registry, registry) -> None:
    settings.EGRESS_ALLOW_LOOPBACK = False
    with open_for(make_registry(registry)) as client, pytest.raises(EgressRefused):
        client.ping()


def test_the_client_and_its_credential_show_no_secret(htpasswd_row, make_credential) -> None:
    with open_for(htpasswd_row, make_credential(htpasswd_row, secret=CANARY)) as client:
        assert CANARY not in repr(client)
        assert CANARY not in repr(vars(client))


class ExchangingProvider(Provider):
    """A provider whose stored credential is a key and no login of the registry."""

    name = "exchanging"
    title = "Exchanging"

    def __init__(self, login: BasicCredential) -> None:
        self.login = login
        self.exchanged: list[BasicCredential] = []

    def exchange_login(self, credential, open_client):
        with open_client() as client:
            client.ping()
        self.exchanged.append(credential)
        return RegistryLogin(self.login, timezone.now() + timedelta(hours=1))


@pytest.fixture
def exchanging(htpasswd_row, htpasswd_registry, make_credential):
    """Return a credential that is a key, and the provider that exchanges it."""
    login = BasicCredential(htpasswd_registry.username, htpasswd_registry.password)
    provider = ExchangingProvider(login)
    htpasswd_row.get_provider = lambda: provider
    credential = make_credential(htpasswd_row, "AKIDEXAMPLE", CANARY)
    credential.registry = htpasswd_row
    return credential, provider


def test_the_provider_exchanges_the_stored_credential_for_a_login(exchanging) -> None:
    credential, provider = exchanging
    with open_for(credential.registry, credential) as client:
        assert provider.exchanged == []
        assert client.login() == "basic"
    assert provider.exchanged == [BasicCredential("AKIDEXAMPLE", CANARY)]


def test_an_engine_gets_the_exchanged_login(exchanging) -> None:
    credential, provider = exchanging
    login = open_engine_login(
        team=credential.team,
        reference=Reference(credential.registry.host, "a/b", "1"),
        credential=credential,
        use=CredentialUse(),
    )
    assert login == provider.login


def test_the_test_of_a_credential_uses_the_exchanged_login(exchanging) -> None:
    credential, provider = exchanging
    assert "Login succeeded" in log_in(credential.registry, BasicCredential("AKID", CANARY))
    assert provider.exchanged == [BasicCredential("AKID", CANARY)]
