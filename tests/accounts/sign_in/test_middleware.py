from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from registry_ui.accounts.models import User
from registry_ui.accounts.sign_in.middleware import is_write_due

pytestmark = pytest.mark.django_db

PAGE, SECURITY = "/preferences/", "/preferences/security/"


@pytest.fixture(autouse=True)
def empty_cache():
    cache.clear()


def test_a_session_is_written_once_a_minute_and_its_key_is_not_in_the_cache(monkeypatch):
    keys, add = [], cache.add

    def recording_add(key, *rest, **more):
        keys.append(key)
        return add(key, *rest, **more)

    monkeypatch.setattr(cache, "add", recording_add)

    assert [is_write_due("session-key"), is_write_due("session-key")] == [True, False]
    assert is_write_due("another")
    assert "session-key" not in str(keys)


def test_the_last_use_of_a_session_is_kept(client_for, alice):
    client = client_for(alice)
    UserSession.objects.update(last_seen_at=timezone.now() - timedelta(days=1), ip="192.0.2.1")
    cache.clear()

    client.get(PAGE)

    row = UserSession.objects.get()
    assert timezone.now() - row.last_seen_at < timedelta(minutes=1)
    assert row.ip == "127.0.0.1"


def test_a_page_is_shown_without_redis(client_for, alice, redis_server):
    client = client_for(alice)
    redis_server.kill()

    assert client.get(PAGE).status_code == 200


def test_a_required_second_factor_is_asked_for_on_every_page(client_for, alice, settings):
    settings.REQUIRE_SECOND_FACTOR = True
    client = client_for(alice)

    answer = client.get(PAGE)
    assert (answer.status_code, answer.url) == (302, "/preferences/security/")
    # The page that adds one, and signing out, are no loop.
    assert client.get("/preferences/security/").status_code == 200
    assert client.get("/account/logout/").status_code == 200


def test_a_fragment_leads_the_whole_page_there(client_for, alice, settings):
    settings.REQUIRE_SECOND_FACTOR = True

    answer = client_for(alice).get(PAGE, headers={"HX-Request": "true"})

    assert answer.headers["HX-Redirect"] == "/preferences/security/"


def test_a_person_with_a_second_factor_is_not_asked(client_for, alice, settings):
    settings.REQUIRE_SECOND_FACTOR = True
    Authenticator.objects.create(user=alice, type="totp", data={"secret": "x"})

    assert client_for(alice).get(PAGE).status_code == 200


def test_visitors_and_pages_without_a_sign_in_store_no_use(client, client_for, alice):
    person = client_for(alice)
    UserSession.objects.all().delete()
    cache.clear()

    client.get("/account/login/")
    person.get("/healthz")

    assert not UserSession.objects.exists()


def test_a_boosted_page_is_redirected_as_a_page(client_for, alice, settings):
    """Only a fragment needs the header: htmx inserts a boosted page as a whole."""
    settings.REQUIRE_SECOND_FACTOR = True

    answer = client_for(alice).get(PAGE, headers={"HX-Request": "true", "HX-Boosted": "true"})

    assert (answer.status_code, answer.url) == (302, SECURITY)


def test_recovery_codes_alone_are_no_second_factor(client_for, alice, settings):
    settings.REQUIRE_SECOND_FACTOR = True
    Authenticator.objects.create(user=alice, type="recovery_codes", data={})

    assert client_for(alice).get(PAGE).url == SECURITY


def test_a_provider_asks_for_its_own_second_factor(use_provider, sign_in_at_provider, settings):
    settings.REQUIRE_SECOND_FACTOR = True
    use_provider().add("anna")
    _response, client = sign_in_at_provider("anna")
    assert client.get(PAGE).status_code == 200

    # The exemption belongs to that sign-in, not to the account.
    other = Client()
    other.force_login(User.objects.get())
    assert other.get(PAGE).url == SECURITY
