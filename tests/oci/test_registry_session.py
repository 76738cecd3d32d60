"""Pings, logins, and what a session records of its responses."""

import pytest

from registry_ui.oci.basic_credential import BasicCredential
from registry_ui.oci.client import RateLimit
from registry_ui.oci.errors import (
    NotARegistry,
    ServerFailed,
    Unauthorized,
)
from tests.parts.scripted_server import Reply
from tests.parts.scripted_tokens import BASIC, CREDENTIAL
from tests.parts.tag_lists import TAGS


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, b"<html>welcome", {"Content-Type": "text/html; charset=utf-8"}),
        Reply(404, b"not found"),
        Reply(401, b"<html>log in", {"Content-Type": "text/html"}),
    ],
)
def test_other_servers_are_not_registries(scripted, client_of, reply):
    scripted.on("GET", "/v2/", reply)
    with pytest.raises(NotARegistry, match=r"^(web_page_)?not_(a_)?registry "):
        client_of(scripted).ping()


def test_ping_tries_once(scripted, client_of):
    scripted.on("GET", "/v2/", Reply(503))
    with pytest.raises(ServerFailed):
        client_of(scripted).ping()
    assert len(scripted.calls) == 1


def test_redirecting_ping_to_a_login_page(scripted, client_of):
    scripted.on("GET", "/v2/", Reply(302, headers={"Location": "/login"}))
    scripted.on("GET", "/login", Reply(200, b"<html>", {"Content-Type": "text/html"}))
    with pytest.raises(NotARegistry):
        client_of(scripted).ping()


def test_limits_and_warnings_are_kept(scripted, client_of):
    headers = {
        "RateLimit-Limit": "100;w=21600",
        "RateLimit-Remaining": "76;w=21600",
        "Warning": '299 - "repository moves soon"',
    }
    scripted.on("GET", TAGS, Reply(body=b'{"tags":[]}', headers=headers))
    client = client_of(scripted)
    client.list_tags("team/app")
    client.list_tags("team/app")
    assert client.rate_limit == RateLimit(100, 76, 21600)
    assert client.warnings == ("repository moves soon",)


def test_login_with_basic(scripted, client_of):
    def ping(call):
        return (
            Reply(body=b"{}")
            if call.authorization == BASIC
            else Reply(401, headers={"WWW-Authenticate": 'Basic realm="r"'})
        )

    scripted.on("GET", "/v2/", ping)
    assert client_of(scripted, CREDENTIAL).login() == "basic"
    with pytest.raises(Unauthorized, match=r"^login_refused "):
        client_of(scripted, BasicCredential("alice", "wrong-canary")).login()
    with pytest.raises(Unauthorized, match=r"^login_wanted "):
        client_of(scripted).login()


def test_login_with_a_token(scripted, client_of):
    def ping(call):
        if call.authorization == "Bearer t":
            return Reply(body=b"{}")
        return Reply(401, headers={"WWW-Authenticate": 'Bearer realm="/token",service="s"'})

    scripted.on("GET", "/v2/", ping)
    scripted.on(
        "GET",
        "/token",
        lambda call: Reply(body=b'{"token":"t"}') if call.authorization == BASIC else Reply(401),
    )
    assert client_of(scripted, CREDENTIAL).login() == "token"
    with pytest.raises(Unauthorized, match=r"^login_refused "):
        client_of(scripted, BasicCredential("alice", "wrong-canary")).login()


def test_login_where_none_is_asked_for(scripted, client_of):
    assert client_of(scripted, CREDENTIAL).login() == "none"


def test_login_detects_a_wrong_password_even_where_anonymous_access_is_allowed(scripted, client_of):
    scripted.on("GET", "/v2/", lambda call: Reply(401) if call.authorization else Reply(body=b"{}"))
    with pytest.raises(Unauthorized):
        client_of(scripted, CREDENTIAL).login()


def test_redirecting_ping_that_wants_a_login_elsewhere(
    scripted, client_of, internet, scripted_servers
):
    other = scripted_servers()
    internet.add("other.example", other, "93.184.216.35")
    scripted.on("GET", "/v2/", Reply(302, headers={"Location": "http://other.example/v2/"}))
    other.on("GET", "/v2/", Reply(401, headers={"WWW-Authenticate": 'Basic realm="evil"'}))
    with pytest.raises(NotARegistry, match=r"^redirected_to_login .*other\.example"):
        client_of(scripted, CREDENTIAL).list_tags("a")
    assert {call.authorization for call in other.calls} == {""}
