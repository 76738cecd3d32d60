"""The API, which accepts a token in the Authorization header only."""

import base64
from datetime import timedelta

import pytest
from django.utils import timezone

from registry_ui.accounts.models import Role, Scope
from registry_ui.accounts.tokens import service

pytestmark = pytest.mark.django_db
URL = "/api/v1/me"


@pytest.fixture
def secret(alice):
    expires_at = timezone.now() + timedelta(days=1)
    return service.create_token(
        by=alice, name="ci", scope=Scope.TRANSFER, team=None, expires_at=expires_at
    )[1]


def bearer(secret):
    return {"Authorization": f"Bearer {secret}"}


def test_me_describes_the_token(client, secret, team):
    answer = client.get(URL, headers=bearer(secret))
    body = answer.json()
    assert answer.status_code == 200
    assert {key: body[key] for key in ("kind", "name", "token", "scope")} == {
        "kind": "person",
        "name": "alice",
        "token": "ci",
        "scope": "transfer",
    }
    assert body["teams"] == [{"name": "Harbour", "slug": "harbour", "role": "operator"}]
    assert body["expires_at"].endswith("+00:00")
    assert answer.headers["Cache-Control"] == "no-store"
    assert secret not in answer.text
    assert not answer.cookies


def test_me_of_a_robot(client, alice, team):
    expires_at = timezone.now() + timedelta(days=1)
    robot = service.create_token(
        by=alice, name="builder", scope=Scope.READ, team=team, expires_at=expires_at, is_robot=True
    )[1]
    body = client.get(URL, headers=bearer(robot)).json()
    assert (body["kind"], body["name"], body["teams"][0]["role"]) == (
        "robot",
        "builder",
        Role.VIEWER,
    )


def test_the_token_may_be_the_password_of_basic(client, secret):
    for scheme in ("Basic", "basic"):
        value = base64.b64encode(f"anybody:{secret}".encode()).decode()
        assert client.get(URL, headers={"Authorization": f"{scheme} {value}"}).status_code == 200


@pytest.mark.parametrize("name", ["token", "access_token", "x"])
def test_a_token_in_the_query_string_is_refused(client, secret, name):
    """HARDENING 41: even with a valid header, because URLs are logged."""
    for headers in ({}, bearer(secret)):
        answer = client.get(f"{URL}?{name}={secret}", headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "token_in_address")
        assert secret not in answer.text
    assert (
        client.get(f"{URL}?{name}=rui%5F{secret[4:]}").json()["error"]["code"] == "token_in_address"
    )


def test_a_token_opens_no_page(client, secret):
    for path in ("/", "/preferences/", "/registries/"):
        assert client.get(path, headers=bearer(secret)).status_code == 302


def test_too_many_wrong_tokens_get_429_whatever_the_header_says(client, db):
    statuses = {
        client.get(
            URL, headers={**bearer("rui_wrong"), "X-Forwarded-For": f"192.0.2.{number}"}
        ).status_code
        for number in range(35)
    }
    assert statuses == {401, 429}
    assert client.get(URL).headers["Retry-After"] == "60"
