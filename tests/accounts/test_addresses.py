import pytest
from django.test import RequestFactory

from registry_ui.accounts.addresses import client_address


def request_from(address, forwarded=""):
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    return RequestFactory().get("/", REMOTE_ADDR=address, headers=headers)


def test_the_peers_own_address_is_used_without_a_trusted_proxy():
    assert client_address(request_from("192.0.2.7", forwarded="203.0.113.9")) == "192.0.2.7"


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [("203.0.113.9", "203.0.113.9"), ("198.51.100.1, 203.0.113.9", "203.0.113.9")],
)
def test_a_trusted_proxy_names_the_client_and_not_what_the_client_claims(
    settings, forwarded, address
):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1

    assert client_address(request_from("10.0.0.1", forwarded=forwarded)) == address


@pytest.mark.parametrize("address", ["", "no address"])
def test_an_address_that_is_none_is_unknown(address):
    assert client_address(request_from(address)) is None


def test_behind_two_proxies_the_entry_of_the_outer_one_counts(settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 2

    request = request_from("10.0.0.2", "203.0.113.66, 198.51.100.7, 10.0.0.9")

    assert client_address(request) == "198.51.100.7"
