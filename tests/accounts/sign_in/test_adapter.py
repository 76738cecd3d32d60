import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.test import Client
from django.urls import NoReverseMatch, reverse

from registry_ui.accounts.models import User
from tests.conftest import PASSWORD

LOGIN = "/account/login/"


WRONG = "The name or the password is wrong."


def sign_in(client, login="alice", password=PASSWORD, address="192.0.2.1", **extra):
    return client.post(LOGIN, {"login": login, "password": password}, REMOTE_ADDR=address, **extra)


def test_pages_ask_for_a_sign_in(client, db):
    response = client.get("/")
    assert response.headers["Location"] == f"{LOGIN}?next=/"


@pytest.mark.parametrize("login", ["alice", "ALICE@example.com"])
def test_name_and_address_both_sign_in(client, alice, login):
    assert sign_in(client, login).headers["Location"] == "/"
    assert client.get(reverse("accounts:preferences")).status_code == 200


def test_the_session_changes_with_the_sign_in(client, alice):
    session = client.session
    session["before"] = "anonymous"
    session.save()
    before = session.session_key
    client.cookies["registry_ui_session"] = before
    sign_in(client)
    assert client.session.session_key != before


@pytest.mark.parametrize(
    "url",
    [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example/",
        "\\\\evil.example",
        "javascript:alert(1)",
    ],
)
def test_the_sign_in_does_not_redirect_to_another_site(client, alice, url):
    response = client.post(LOGIN, {"login": "alice", "password": PASSWORD, "next": url})
    assert response.headers["Location"] == "/"
    assert client.get(LOGIN, {"next": url}).headers["Location"] == "/"


def test_the_sign_in_continues_to_the_requested_page(client, alice):
    response = client.post(LOGIN, {"login": "alice", "password": PASSWORD, "next": "/preferences/"})
    assert response.headers["Location"] == "/preferences/"


def test_an_unknown_name_and_a_wrong_password_get_the_same_answer(client, alice):
    unknown, wrong = sign_in(client, "nobody", "x"), sign_in(client, "alice", "x")
    assert WRONG in unknown.text
    assert unknown.text.count(WRONG) == wrong.text.count(WRONG)
    assert "x" * 5 not in wrong.text


def test_an_unknown_name_takes_as_long_as_a_wrong_password(client, alice, monkeypatch):
    hashed = []
    monkeypatch.setattr(
        MD5PasswordHasher,
        "encode",
        lambda self, password, salt: hashed.append(password) or f"md5${salt}$x",
    )
    sign_in(client, "nobody", "x")
    unknown = len(hashed)
    sign_in(client, "alice", "x")
    assert unknown == len(hashed) - unknown == 1


def test_a_deactivated_account_gets_a_page(client, alice):
    User.objects.update(is_active=False)
    response = client.post(LOGIN, {"login": "alice", "password": PASSWORD}, follow=True)
    assert "switched off" in response.text
    assert "_auth_user_id" not in client.session


def test_failures_are_limited(client, alice):
    for _attempt in range(10):
        assert WRONG in sign_in(client, password="wrong").text
    response = sign_in(client)
    assert "Too many failed attempts" in response.text
    assert "_auth_user_id" not in client.session


def test_failures_from_another_address_do_not_lock_an_account(client, alice):
    for _attempt in range(12):
        sign_in(Client(), password="guess", address="203.0.113.9")
    assert sign_in(client, address="192.0.2.1").status_code == 302


def test_failures_with_one_name_do_not_limit_others(client, alice, bob):
    for _attempt in range(12):
        sign_in(Client(), "alice", "guess")
    assert sign_in(client, "bob").status_code == 302


def test_one_address_cannot_try_many_names(client, alice):
    for attempt in range(30):
        sign_in(Client(), f"name{attempt}", "guess")
    assert "Too many failed attempts" in sign_in(client).text


def test_a_forged_header_does_not_reset_the_limit(client, alice):
    for attempt in range(10):
        sign_in(client, password="guess", HTTP_X_FORWARDED_FOR=f"198.51.100.{attempt}")
    assert "Too many failed attempts" in sign_in(client, HTTP_X_FORWARDED_FOR="198.51.100.77").text


def test_too_many_requests_get_a_page(client, alice):
    response = None
    for _attempt in range(61):
        response = client.post(LOGIN, {}, REMOTE_ADDR="192.0.2.50")
    assert response.status_code == 429
    assert "Too many attempts" in response.text
    assert "Registry UI" in response.text


def test_sign_out_needs_a_post(client_for, alice):
    client = client_for(alice)
    assert client.get("/account/logout/").status_code == 200
    assert "_auth_user_id" in client.session
    assert client.post("/account/logout/").headers["Location"] == LOGIN
    assert "_auth_user_id" not in client.session


def test_posts_without_a_token_are_refused(alice):
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    for path in (
        LOGIN,
        "/account/logout/",
        "/account/password/change/",
        "/preferences/",
        "/team/switch/",
    ):
        response = client.post(path, {"team": "1"})
        assert response.status_code == 403, path
        assert "open too long" in response.text


def test_the_password_can_be_changed(client_for, alice):
    client = client_for(alice)
    other_browser = client_for(alice)
    values = {
        "oldpassword": PASSWORD,
        "password1": "quite another sentence",
        "password2": "quite another sentence",
    }
    assert client.post("/account/password/change/", values).status_code == 302
    assert sign_in(Client(), password="quite another sentence").status_code == 302
    assert client.get("/preferences/").status_code == 200
    assert other_browser.get("/preferences/").status_code == 302


def test_changing_the_password_needs_the_old_one(client_for, alice):
    values = {
        "oldpassword": "x",
        "password1": "quite another sentence",
        "password2": "quite another sentence",
    }
    response = client_for(alice).post("/account/password/change/", values)
    assert "quite another sentence" not in response.text
    assert sign_in(Client()).status_code == 302


@pytest.mark.parametrize(
    "path",
    [
        "signup/",
        "email/",
        "confirm-email/",
        "password/reset/",
        "login/code/confirm/",
        "phone/verify/",
        "nonsense/",
    ],
)
def test_other_pages_of_allauth_get_404(client_for, alice, path):
    assert client_for(alice).get(f"/account/{path}").status_code == 404
    assert client_for(alice).post(f"/account/{path}", {"email": "x@example.com"}).status_code == 404


def test_nobody_can_sign_up(client, db):
    with pytest.raises(NoReverseMatch):
        reverse("account_signup")
    assert client.post(
        "/account/signup/", {"username": "eve", "password1": PASSWORD, "password2": PASSWORD}
    ).status_code in (302, 404)
    assert not User.objects.exists()


@pytest.mark.parametrize("path", ["login/", "logout/", "password/change/", "reauthenticate/"])
def test_every_page_uses_the_base_template(client, client_for, alice, path):
    visitor = client if path == "login/" else client_for(alice)
    response = visitor.get(f"/account/{path}")
    assert response.status_code == 200
    assert "site.css" in response.text
    assert "placeholder" not in response.text.partition("<main")[2]
