"""Tokens and the credentials that are sent for them."""

import json
import time

import pytest

from registry_ui.oci.basic_credential import BasicCredential
from registry_ui.oci.errors import (
    EgressRefused,
    OciError,
    Unauthorized,
)
from tests.parts.scripted_server import Reply
from tests.parts.scripted_tokens import (
    BASIC,
    CREDENTIAL,
    SECRET,
    TAGS,
    ask_for_token,
    require_token,
)


def test_http_realm_of_an_https_registry_is_refused(scripted_servers, scripted, tls_of, client_of):
    context, pem = tls_of("127.0.0.1")
    registry = scripted_servers(context)
    registry.on(
        "GET",
        "/v2/",
        Reply(401, headers={"WWW-Authenticate": f'Bearer realm="{scripted.url}/token"'}),
    )
    for credential in (None, BasicCredential("alice", "secret")):
        with pytest.raises(OciError, match=r"^login_over_plain_http "):
            client_of(registry, credential, ca_pem=pem).list_tags("a")
    assert scripted.calls == []


def test_only_access_token_is_enough(token_registry_of, client_of):
    registry = token_registry_of({"access_token": "t1"})
    registry.on("GET", "/v2/a/tags/list", require_token("t1", TAGS))
    assert client_of(registry).list_tags("a") == ["1.0"]
    assert registry.made("GET", "/token")[0].authorization == "", (
        "an anonymous client has nothing to show"
    )


def test_identity_token_is_posted_and_a_rotated_one_is_used(scripted, client_of):
    ask_for_token(scripted, "/token")
    answers = ({"access_token": "t1", "refresh_token": "rotated"}, {"access_token": "t2"})
    scripted.on("POST", "/token", *(Reply(body=json.dumps(answer).encode()) for answer in answers))
    scripted.on("GET", "/v2/a/tags/list", TAGS)
    scripted.on("GET", "/v2/b/tags/list", TAGS)
    client = client_of(scripted, BasicCredential("<token>", SECRET))
    client.list_tags("a")
    client.list_tags("b")
    first, second = scripted.made("POST", "/token")
    assert (
        f"grant_type=refresh_token&service=registry.test&client_id=registry-ui&refresh_token={SECRET}".encode()
        in first.body
    )
    assert b"scope=repository%3Aa%3Apull" in first.body
    assert b"refresh_token=rotated" in second.body
    assert scripted.made("GET", "/token") == []


def test_identity_token_falls_back_to_get_on_404(scripted, client_of):
    ask_for_token(scripted, "/token")
    scripted.on("POST", "/token", Reply(404))
    scripted.on("GET", "/token", Reply(body=b'{"token":"t"}'))
    scripted.on("GET", "/v2/a/tags/list", require_token("t", TAGS))
    assert client_of(scripted, BasicCredential("", SECRET)).list_tags("a") == ["1.0"]


def test_identity_token_is_not_posted_after_a_redirect(scripted, scripted_servers, client_of):
    other = scripted_servers()
    ask_for_token(scripted, "/token")
    scripted.on("POST", "/token", Reply(307, headers={"Location": f"{other.url}/token"}))
    with pytest.raises(OciError):
        client_of(scripted, BasicCredential("", SECRET)).list_tags("a")
    assert other.calls == []


def test_relative_realm_with_a_query_keeps_it(scripted, client_of):
    ask_for_token(scripted, "/token?tenant=a%2Fb")
    scripted.on("GET", "/token", Reply(body=b'{"token":"t"}'))
    scripted.on("GET", "/v2/a/tags/list", require_token("t", TAGS))
    client_of(scripted).list_tags("a")
    assert scripted.made("GET", "/token")[0].query["tenant"] == ["a/b"]


def test_token_service_with_malformed_answers(scripted, client_of):
    ask_for_token(scripted, "/token")
    for body in (
        b"<html>",
        b"[]",
        b"{}",
        b'{"token": 5}',
        b'{"token": "a\\nb"}',
        b'{"token": ""}',
        b"x" * 2_000_000,
    ):
        scripted.on("GET", "/token", Reply(body=body))
        with pytest.raises(Unauthorized, match=r"^token_(missing|answer_malformed) "):
            client_of(scripted, CREDENTIAL).list_tags("a")


def test_token_lives_at_least_a_minute_whatever_the_service_says(token_registry_of, client_of):
    registry = token_registry_of(
        {"token": "t", "expires_in": 1, "issued_at": "2001-01-01T00:00:00Z"}
    )
    registry.on("GET", "/v2/a/tags/list", require_token("t", TAGS))
    client = client_of(registry, CREDENTIAL)
    client.list_tags("a")
    client.list_tags("a")
    assert len(registry.made("GET", "/token")) == 1


def test_old_token_is_fetched_anew_before_use(token_registry_of, client_of, monkeypatch):
    registry = token_registry_of({"token": "t1", "expires_in": 300}, {"token": "t2"})
    registry.on("GET", "/v2/a/tags/list", TAGS)
    client = client_of(registry, CREDENTIAL)
    client.list_tags("a")
    now = time.monotonic
    monkeypatch.setattr("registry_ui.oci.token_service.time.monotonic", lambda: now() + 290)
    client.list_tags("a")
    assert [call.authorization for call in registry.made("GET", "/v2/a/tags/list")] == [
        "Bearer t1",
        "Bearer t2",
    ]


def test_credential_does_not_go_to_an_unapproved_realm(registry_and_realm, client_of):
    registry, realm = registry_and_realm
    with pytest.raises(EgressRefused, match=r"^token_host_not_approved .*token_host=auth\.example"):
        client_of("registry.example", CREDENTIAL).list_tags("a")
    assert realm.calls == []


@pytest.mark.parametrize("pattern", ["auth.example", "*.example", "AUTH.example"])
def test_credential_goes_to_an_approved_realm(registry_and_realm, client_of, pattern):
    registry, realm = registry_and_realm
    assert client_of("registry.example", CREDENTIAL, token_hosts=(pattern,)).list_tags("a") == [
        "1.0"
    ]
    assert realm.calls[0].authorization == BASIC


@pytest.mark.parametrize("pattern", ["example", "auth.example.com", "*.auth.example"])
def test_similar_names_are_not_approved(registry_and_realm, client_of, pattern):
    with pytest.raises(EgressRefused):
        client_of("registry.example", CREDENTIAL, token_hosts=(pattern,)).list_tags("a")


def test_anonymous_token_may_come_from_any_public_realm(registry_and_realm, client_of):
    registry, realm = registry_and_realm
    assert client_of("registry.example").list_tags("a") == ["1.0"]
    assert realm.calls[0].authorization == ""
