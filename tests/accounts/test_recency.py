import time

import pytest
from django.urls import reverse

from registry_ui.accounts.recency import OPENING_SECONDS, SENDING_SECONDS, SESSION_KEY
from tests.conftest import PASSWORD


@pytest.fixture
def page(team) -> str:
    return f"{reverse('registries:add')}?provider=private"


@pytest.fixture
def client_since(client_for, alice):
    """Alice's browser, signed in so many seconds ago."""

    def make(seconds: int):
        client = client_for(alice)
        session = client.session
        session[SESSION_KEY] = int(time.time()) - seconds
        session.save()
        return client

    return make


def test_shortly_after_the_sign_in_nobody_asks_again(client_since, page) -> None:
    assert client_since(60).get(page).status_code == 200


def test_later_the_password_is_asked_for_again_and_the_page_follows(client_since, page) -> None:
    client = client_since(OPENING_SECONDS + 1)
    answer = client.get(page)
    assert answer.url.startswith(reverse("account_reauthenticate"))
    answer = client.post(answer.url, {"password": PASSWORD})
    assert answer.url == page
    assert client.get(page).status_code == 200


def test_a_form_that_was_opened_in_time_may_be_sent(client_since, page) -> None:
    assert client_since(OPENING_SECONDS + 60).post(page, {"host": ""}).status_code == 422


def test_one_that_was_open_too_long_is_not_and_what_was_typed_is_kept_nowhere(
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
