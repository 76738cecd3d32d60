import pytest
import requests
from django.test import Client
from django.urls import reverse

from tests.parts.openid_provider import redirect_url_in


@pytest.fixture
def sign_in_at_provider(openid_provider):
    """Return a function that signs a person in through the provider.

    It returns the last response and the client.
    """

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
        response = client.get(
            openid_provider.callback_url(redirect_url_in(page.text), name, browser)
        )
        return response, client

    return sign_in
