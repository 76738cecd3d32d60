"""The stack of /v2/: no cookies, JSON for every error, a length for every answer."""

import pytest

pytestmark = pytest.mark.django_db


def test_an_answer_has_a_length_and_no_cookie(client):
    answer = client.get("/v2/")

    assert int(answer["Content-Length"]) == len(answer.content)
    assert not answer.cookies
    assert answer["Content-Type"].startswith("application/json")


def test_a_wrong_host_is_answered_as_a_registry_answers(client):
    answer = client.get("/v2/", headers={"Host": "evil.example.com"})

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == "UNSUPPORTED"


def test_a_failure_tells_nothing_of_its_cause(client, monkeypatch):
    def fail(_request):
        raise RuntimeError("canary-5ecret")

    client.raise_request_exception = False
    monkeypatch.setattr("registry_ui.serving.views.endpoints.set_socket_timeout", fail)
    answer = client.get("/v2/")

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (500, "UNKNOWN")
    assert "canary" not in answer.content.decode()


def test_other_addresses_get_the_pages(client):
    assert client.get("/v2").status_code in (301, 302, 404)
    assert "text/html" in client.get("/account/login/")["Content-Type"]


def test_security_headers_are_set(client):
    assert client.get("/v2/")["X-Content-Type-Options"] == "nosniff"
