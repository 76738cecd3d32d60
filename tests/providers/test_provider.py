from datetime import timedelta

from django.utils import timezone

from registry_ui.oci.client import BasicCredential
from registry_ui.oci.registry_login import RegistryLogin
from registry_ui.providers.provider import Provider


class Example(Provider):
    name = "example"
    title = "Example"
    host_patterns = ("*.example.com",)


def test_a_host_matches_by_its_whole_name():
    provider = Example()
    assert provider.matches_host("a.example.com")
    assert not provider.matches_host("a.example.com.evil.test")
    assert not provider.matches_host("example.com")


def test_a_new_provider_has_no_foreign_hosts_and_no_guesses():
    provider = Example()
    assert provider.token_hosts("a.example.com") == ()
    assert not provider.resembles_host("a.example.com")
    assert not provider.recognizes_refusal("a.example.com", "project")


def test_only_a_limited_secret_has_an_expiry():
    assert Example().new_secret_expiry() is None

    class Limited(Example):
        secret_lifetime = timedelta(hours=2)

    remaining = Limited().new_secret_expiry() - timezone.now()
    assert timedelta(hours=1, minutes=59) < remaining <= timedelta(hours=2)


def test_a_stored_credential_is_the_login_unless_a_provider_exchanges_it():
    credential = BasicCredential("alice", "secret")
    assert Example().exchange_login(credential, open_client=None) == RegistryLogin(credential)
    assert RegistryLogin(credential).expires_at is None


def test_a_provider_with_one_host_names_its_registry():
    assert Example().registry_name("a.example.com") == "a.example.com"

    class Single(Example):
        host = "single.example"

    assert Single().registry_name("single.example") == "Example"


def test_only_whole_namespaces_are_reserved():
    class Reserving(Example):
        reserved_namespaces = ("official",)

    assert Reserving().is_reserved("official/app")
    assert not Reserving().is_reserved("official-fan/app")
    assert not Example().is_reserved("official/app")
