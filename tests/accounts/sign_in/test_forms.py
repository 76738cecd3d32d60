import importlib
import re
import sys

import pytest
from django.core import mail
from django.urls import clear_url_caches, set_urlconf

from tests.conftest import PASSWORD


@pytest.fixture
def with_email(settings, db):
    settings.EMAIL_CONFIGURED = True
    _reload_urls()
    yield
    settings.EMAIL_CONFIGURED = False
    _reload_urls()


def _reload_urls() -> None:
    from django.conf import settings

    for name in ("registry_ui.accounts.sign_in.urls", settings.ROOT_URLCONF):
        importlib.reload(sys.modules[name])
    clear_url_caches()
    set_urlconf(None)


def test_without_email_nothing_is_offered(client, alice):
    assert "reset" not in client.get("/account/login/").text.lower()


def test_the_link_sets_a_new_password(client, with_email, alice):
    assert "/account/password/reset/" in client.get("/account/login/").text
    response = client.post("/account/password/reset/", {"email": "alice@example.com"}, follow=True)
    assert "Look into your mail" in response.text
    path = re.search(r"http://[^/]+(/account/password/reset/key/\S+)", mail.outbox[0].body)[1]
    page = client.get(path, follow=True)
    assert "New password" in page.text
    values = {"password1": "quite another sentence", "password2": "quite another sentence"}
    assert client.post(page.redirect_chain[-1][0], values, follow=True).status_code == 200
    assert (
        client.post("/account/login/", {"login": "alice", "password": PASSWORD}).status_code == 200
    )
    assert (
        client.post(
            "/account/login/", {"login": "alice", "password": "quite another sentence"}
        ).status_code
        == 302
    )
    assert "used already" in client.get(path, follow=True).text


def test_an_unknown_address_reads_the_same(client, with_email, alice):
    response = client.post("/account/password/reset/", {"email": "nobody@example.com"}, follow=True)
    assert "Look into your mail" in response.text
