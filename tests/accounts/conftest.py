from collections.abc import Callable

import pytest
import requests
from django.test import Client
from django.urls import reverse

from registry_ui import single_sign_on
from tests.parts.openid_provider import OpenIdProvider, address_in


@pytest.fixture(scope="session")
def _openid_provider():
    provider = OpenIdProvider()
    provider.start()
    yield provider
    provider.stop()


@pytest.fixture
def openid_provider(_openid_provider) -> OpenIdProvider:
    """A real provider that knows nobody yet."""
    _openid_provider.forget_everybody()
    return _openid_provider


@pytest.fixture
def company(openid_provider, settings) -> Callable[..., OpenIdProvider]:
    """`company(group_roles=…)`: this installation uses the provider, with these settings."""

    def use(**changed) -> OpenIdProvider:
        settings.SINGLE_SIGN_ON = openid_provider.settings(**changed)
        settings.SOCIALACCOUNT_PROVIDERS = single_sign_on.allauth_providers(settings.SINGLE_SIGN_ON)
        return openid_provider

    return use


@pytest.fixture
def come_as(openid_provider):
    """`come_as("anna")` signs her in through the provider, and answers with the last response and her client."""

    def sign_in(name: str, client: Client | None = None, *, by: str = "sso_sign_in", browser: requests.Session | None = None, **values):
        client = client or Client()
        page = client.post(reverse(by), values)
        assert page.status_code == 200, page
        response = client.get(openid_provider.answer_of(address_in(page.text), name, browser))
        return response, client

    return sign_in
