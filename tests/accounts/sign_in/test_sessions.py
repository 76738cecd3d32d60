"""A person's sessions."""

import pytest
from allauth.usersessions.models import UserSession
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from registry_ui.accounts.models import Action, AuditEvent
from tests.conftest import PASSWORD

PAGE = "/preferences/security/"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.0 Mobile Safari/604.1"
)


def signed_in(user, *, agent: str = FIREFOX, address: str = "192.0.2.1") -> Client:
    client = Client(HTTP_USER_AGENT=agent, REMOTE_ADDR=address)
    client.force_login(user)
    client.get(PAGE)
    return client


def key_of(client: Client) -> int:
    return UserSession.objects.get(session_key=client.session.session_key).pk


def is_signed_in(client: Client) -> bool:
    return client.get(PAGE).status_code == 200


@pytest.fixture
def laptop(alice) -> Client:
    return signed_in(alice)


@pytest.fixture
def phone(alice) -> Client:
    return signed_in(alice, agent=IPHONE, address="198.51.100.7")


def test_the_list_shows_device_address_and_the_current_session(laptop, phone) -> None:
    text = laptop.get(PAGE).text
    assert "Firefox on Linux" in text
    assert "Safari on iPhone" in text
    assert "198.51.100.7" in text
    assert text.count("This one") == 1
    assert text.index("This one") < text.index("Safari on iPhone")


def test_sessions_of_other_people_are_not_listed(phone, bob) -> None:
    assert "198.51.100.7" not in signed_in(bob, address="192.0.2.9").get(PAGE).text


def test_an_ended_session_is_not_signed_in(laptop, phone) -> None:
    assert laptop.post(reverse("accounts:security_session_end", args=[key_of(phone)])).url == PAGE
    assert phone.get("/").url.startswith("/account/login/")
    assert phone.post("/preferences/", {"theme": "dark"}).url.startswith("/account/login/")
    assert is_signed_in(laptop)


def test_all_other_sessions_are_ended(laptop, phone, alice, bob) -> None:
    third, bobs = signed_in(alice, address="203.0.113.5"), signed_in(bob)
    assert laptop.post(reverse("accounts:security_sessions_end")).url == PAGE
    assert [is_signed_in(client) for client in (laptop, phone, third, bobs)] == [
        True,
        False,
        False,
        True,
    ]


def test_ending_the_current_session_signs_out(laptop) -> None:
    assert (
        laptop.post(reverse("accounts:security_session_end", args=[key_of(laptop)])).url
        == "/account/login/"
    )
    assert not is_signed_in(laptop)


def test_a_session_of_another_person_gets_404(laptop, bob, charlie) -> None:
    for other in (bob, charlie):
        client = signed_in(other)
        assert (
            client.post(reverse("accounts:security_session_end", args=[key_of(laptop)])).status_code
            == 404
        )
    assert is_signed_in(laptop)


def test_sessions_are_ended_by_post_alone(laptop, phone) -> None:
    for url in (
        reverse("accounts:security_session_end", args=[key_of(phone)]),
        reverse("accounts:security_sessions_end"),
    ):
        assert laptop.get(url).status_code == 405
    assert is_signed_in(phone)


def test_a_new_password_ends_other_sessions(laptop, phone) -> None:
    values = {
        "oldpassword": PASSWORD,
        "password1": "quite another sentence",
        "password2": "quite another sentence",
    }
    assert laptop.post("/account/password/change/", values).url == PAGE
    assert is_signed_in(laptop)
    assert not is_signed_in(phone)
    assert "Safari on iPhone" not in laptop.get(PAGE).text


def test_deactivating_an_account_ends_its_sessions(laptop, alice) -> None:
    alice.is_active = False
    alice.save(update_fields=["is_active"])
    assert not is_signed_in(laptop)


def test_the_last_use_is_stored_once_a_minute(laptop) -> None:
    row = UserSession.objects.get()
    laptop.get("/preferences/", REMOTE_ADDR="203.0.113.80")
    assert UserSession.objects.get().last_seen_at == row.last_seen_at
    cache.clear()  # as after a minute
    laptop.get("/preferences/", REMOTE_ADDR="203.0.113.80")
    assert UserSession.objects.get().ip == "203.0.113.80"
    assert UserSession.objects.get().last_seen_at > row.last_seen_at


def test_pages_are_shown_without_redis(laptop, redis_server) -> None:
    redis_server.process.kill()
    assert laptop.get("/preferences/").status_code == 200


def test_a_forged_header_is_ignored(alice) -> None:
    client = signed_in(alice)
    cache.clear()
    client.get("/", headers={"X-Forwarded-For": "203.0.113.66"})
    assert UserSession.objects.get().ip == "192.0.2.1"


def test_the_end_of_a_session_is_recorded(laptop, phone) -> None:
    laptop.post(reverse("accounts:security_session_end", args=[key_of(phone)]))
    event = AuditEvent.objects.get(action=Action.SESSION_ENDED)
    assert (event.actor_name, event.object_name, event.address) == (
        "alice",
        "Safari on iPhone, 198.51.100.7",
        "192.0.2.1",
    )
