import pytest
from django.db import connection

from registry_ui.web import health
from registry_ui.web.health import HealthPart

URL = "/healthz"
URLS = [URL, "/healthz/full"]


@pytest.fixture
def checks(monkeypatch):
    """The checks of the apps above, instead of the real ones."""
    checks = []
    monkeypatch.setattr(health.HEALTH_CHECKS, "_items", checks)
    return checks


@pytest.mark.parametrize("url", URLS)
def test_all_is_well(client, db, checks, url):
    checks.append((0, lambda: HealthPart("scheduler", True, {"tasks": {}})))

    response = client.get(url)

    assert (response.status_code, response.json()) == (
        200,
        {"status": "ok", "database": "ok", "redis": "ok", "scheduler": "ok", "tasks": {}},
    )


def test_a_degraded_part_takes_no_traffic_away_but_alerts_monitors(client, db, checks):
    checks.append((0, lambda: HealthPart("first", False)))
    checks.append((0, lambda: HealthPart("second", True)))

    answers = [client.get(url) for url in URLS]

    assert [answer.status_code for answer in answers] == [200, 503]
    for answer in answers:
        assert answer.json() == {
            "status": "degraded",
            "database": "ok",
            "redis": "ok",
            "first": "degraded",
            "second": "ok",
        }


@pytest.mark.parametrize("url", URLS)
def test_it_rejects_post(client, db, url):
    assert client.post(url).status_code == 405


def test_without_a_database_no_further_part_is_asked(client, db, checks, monkeypatch):
    def fail():
        raise RuntimeError("must not be called")

    checks.append((0, fail))
    with monkeypatch.context() as patch:
        patch.setattr(connection, "cursor", fail)
        answer = client.get(URL)

    assert answer.json()["status"] == "down"


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
