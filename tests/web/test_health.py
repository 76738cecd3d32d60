import pytest
from django.db import connection

URL = "/healthz"


def test_all_is_well(client, db):
    response = client.get(URL)
    assert (response.status_code, response.json()) == (
        200,
        {"status": "ok", "database": "ok", "redis": "ok"},
    )


def test_it_rejects_post(client, db):
    assert client.post(URL).status_code == 405


def test_a_dead_redis_is_named(client, db, redis_server):
    redis_server.kill()
    response = client.get(URL)
    assert (response.status_code, response.json()) == (
        503,
        {"status": "down", "database": "ok", "redis": "down"},
    )
    assert "sock" not in response.text


@pytest.mark.parametrize("signed_in", [False, True])
def test_a_dead_database_is_named(client, alice, monkeypatch, signed_in):
    if signed_in:
        client.force_login(alice)

    def broken():
        raise RuntimeError("could not connect to server: password authentication failed")

    with monkeypatch.context() as patch:
        patch.setattr(connection, "cursor", broken)
        response = client.get(URL)
    assert (response.status_code, response.json()) == (
        503,
        {"status": "down", "database": "down", "redis": "ok"},
    )
    assert "password" not in response.text
