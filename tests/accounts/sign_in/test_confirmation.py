import time

import pytest
from django.urls import reverse

from registry_ui.accounts.sign_in.confirmation import OPENING_SECONDS, SENDING_SECONDS, SESSION_KEY
from tests.conftest import PASSWORD


@pytest.fixture
def page(team) -> str:
    return f"{reverse('registries:add')}?provider=private"


@pytest.fixture
def client_since(client_for, alice):
    """Return a function for Alice's client, signed in for the given number of seconds."""

    def make(seconds: int):
        client = client_for(alice)
        session = client.session
        session[SESSION_KEY] = int(time.time()) - seconds
        session.save()
        return client

    return make


def test_no_confirmation_is_needed_after_the_sign_in(client_since, page) -> None:
    assert client_since(60).get(page).status_code == 200


def test_an_old_sign_in_needs_a_confirmation(client_since, page) -> None:
    client = client_since(OPENING_SECONDS + 1)
    answer = client.get(page)
    assert answer.url.startswith(reverse("account_reauthenticate"))
    answer = client.post(answer.url, {"password": PASSWORD})
    assert answer.url == page
    assert client.get(page).status_code == 200


def test_a_form_opened_in_time_may_be_sent(client_since, page) -> None:
    assert client_since(OPENING_SECONDS + 60).post(page, {"host": ""}).status_code == 422


def test_a_form_opened_too_long_ago_is_refused_and_not_stored(
    client_since, page, htmx_headers
) -> None:
    client = client_since(SENDING_SECONDS + 1)
    assert client.post(page, {"host": "typed.example.com"}).status_code == 302
    assert "typed.example.com" not in str(dict(client.session.items()))
    assert (
        client.post(page, {"host": "typed.example.com"}, headers=htmx_headers)
        .headers["HX-Redirect"]
        .startswith("/account/reauthenticate/")
    )


@pytest.fixture
def htmx_headers() -> dict[str, str]:
    return {"HX-Request": "true"}
