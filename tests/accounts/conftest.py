import pytest
import requests
from django.test import Client
from django.urls import reverse

from tests.parts.openid_provider import address_in


@pytest.fixture
def come_as(openid_provider):
    """`come_as("anna")` signs her in through the provider, and answers with the last response and her client."""

    def sign_in(
        name: str,
        client: Client | None = None,
        *,
        by: str = "sso_sign_in",
        browser: requests.Session | None = None,
        **values,
    ):
        client = client or Client()
        page = client.post(reverse(by), values)
        assert page.status_code == 200, page
        response = client.get(openid_provider.answer_of(address_in(page.text), name, browser))
        return response, client

    return sign_in
