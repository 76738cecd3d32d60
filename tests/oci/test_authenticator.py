"""Tokens that are kept, shared and renewed, and the choice of the login."""

import threading

import pytest

from registry_ui.oci.errors import Denied, Unauthorized
from tests.parts.bytes_readers import descriptor_of, source_of
from tests.parts.scripted_server import Reply
from tests.parts.scripted_tokens import BASIC, CREDENTIAL, TAGS, require_token

BLOB = b"blob" * 1000


def test_token_is_asked_with_the_credential_and_kept(token_registry_of, client_of):
    registry = token_registry_of({"token": "t1"})
    registry.on("GET", "/v2/team/app/tags/list", require_token("t1", TAGS))
    client = client_of(registry, CREDENTIAL)
    assert client.list_tags("team/app") == client.list_tags("team/app") == ["1.0"]
    (asked,) = registry.made("GET", "/token")
    assert asked.authorization == BASIC
    assert asked.query == {
        "service": ["registry.test"],
        "account": ["alice"],
        "scope": ["repository:team/app:pull"],
    }


def test_each_scope_has_a_token_of_its_own(token_registry_of, client_of):
    registry = token_registry_of({"token": "a"}, {"token": "b"})
    registry.on("GET", "/v2/one/tags/list", require_token("a", TAGS))
    registry.on("GET", "/v2/two/tags/list", require_token("b", TAGS))
    client = client_of(registry, CREDENTIAL)
    for name in ("one", "two", "one", "two"):
        client.list_tags(name)
    assert [call.query["scope"] for call in registry.made("GET", "/token")] == [
        ["repository:one:pull"],
        ["repository:two:pull"],
    ]


def test_the_oldest_tokens_are_forgotten(token_registry_of, client_of, monkeypatch):
    monkeypatch.setattr("registry_ui.oci.authenticator._TOKENS_LIMIT", 2)
    registry = token_registry_of({"token": "t"})
    registry.on("GET", "/v2/.*/tags/list", require_token("t", TAGS))
    client = client_of(registry, CREDENTIAL)
    for name in ("one", "two", "three", "three", "two", "one"):
        client.list_tags(name)
    asked = [call.query["scope"][0].split(":")[1] for call in registry.made("GET", "/token")]
    assert asked == ["one", "two", "three", "one"]


def test_threads_share_one_token_request(token_registry_of, client_of):
    registry = token_registry_of({"token": "t"})
    registry.on("GET", "/token", Reply(body=b'{"token":"t"}', stall=0.2))
    registry.on("GET", "/v2/a/tags/list", require_token("t", TAGS))
    client = client_of(registry, CREDENTIAL)
    threads = [threading.Thread(target=client.list_tags, args=("a",)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(registry.made("GET", "/token")) == 1
    assert len(registry.made("GET", "/v2/a/tags/list")) == 8


def test_expired_token_is_renewed_once_between_post_and_put(
    token_registry_of, client_of, monkeypatch
):
    monkeypatch.setattr("registry_ui.oci.token_service._JUST_ISSUED_SECONDS", 0)
    registry = token_registry_of({"token": "old"}, {"token": "new"})
    registry.on(
        "POST",
        "/v2/a/blobs/uploads/",
        require_token("old", Reply(202, headers={"Location": "/v2/up"})),
    )
    registry.on("PUT", "/v2/up", require_token("new", Reply(201)))
    client_of(registry, CREDENTIAL).store("a").write_blob(descriptor_of(BLOB), source_of(BLOB))
    first, second = registry.made("PUT")
    assert (first.authorization, second.authorization) == ("Bearer old", "Bearer new")
    assert second.body == BLOB, "the body is sent again from its start"


def test_unauthorized_in_the_middle_of_a_put(token_registry_of, client_of, monkeypatch):
    monkeypatch.setattr("registry_ui.oci.token_service._JUST_ISSUED_SECONDS", 0)
    large = b"x" * 3_000_000
    registry = token_registry_of({"token": "old"}, {"token": "new"})
    registry.on("POST", "/v2/a/blobs/uploads/", Reply(202, headers={"Location": "/v2/up"}))
    early = Reply(
        401,
        headers={"WWW-Authenticate": 'Bearer realm="/token",error="invalid_token"'},
        unread=True,
    )
    registry.on("PUT", "/v2/up", early, require_token("new", Reply(201)))
    registry.on("HEAD", "/v2/a/blobs/.*", Reply(404))
    client_of(registry, CREDENTIAL).store("a").write_blob(descriptor_of(large), source_of(large))
    assert registry.made("PUT")[-1].body == large


def test_new_token_that_is_refused_means_denied_without_a_loop(token_registry_of, client_of):
    registry = token_registry_of({"token": "without-rights"})
    refusal = b'{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}'
    registry.on(
        "GET",
        "/v2/a/tags/list",
        Reply(
            401,
            refusal,
            headers={"WWW-Authenticate": 'Bearer realm="/token",scope="repository:a:pull"'},
        ),
    )
    with pytest.raises(Denied) as caught:
        client_of(registry, CREDENTIAL).list_tags("a")
    assert caught.value.code == "denied_pull"
    assert caught.value.parameters["repository"] == "a"
    assert len(registry.made("GET", "/v2/a/tags/list")) == 1
    assert len(registry.made("GET", "/token")) == 1


def test_token_without_push_is_a_denial_of_the_push(token_registry_of, client_of):
    registry = token_registry_of({"token": "read-only"})
    registry.on(
        "POST",
        "/v2/a/blobs/uploads/",
        Reply(
            401,
            headers={"WWW-Authenticate": 'Bearer realm="/token",scope="repository:a:pull,push"'},
        ),
    )
    with pytest.raises(Denied, match=r"^denied_push .*repository=a "):
        client_of(registry, CREDENTIAL).check_access("a", "pull,push")


def test_anonymous_refusal_asks_for_a_credential(token_registry_of, client_of):
    registry = token_registry_of({"token": "t"})
    registry.on(
        "GET",
        "/v2/a/tags/list",
        Reply(401, headers={"WWW-Authenticate": 'Bearer realm="/token",scope="repository:a:pull"'}),
    )
    with pytest.raises(Unauthorized) as caught:
        client_of(registry).list_tags("a")
    assert caught.value.code == "login_wanted"


def test_the_usable_one_of_two_challenges_is_used(scripted, client_of):
    scripted.on(
        "GET", "/v2/", Reply(401, headers={"WWW-Authenticate": 'Negotiate, Basic realm="r"'})
    )
    scripted.on("GET", "/v2/a/tags/list", TAGS)
    client_of(scripted, CREDENTIAL).list_tags("a")
    assert scripted.made("GET", "/v2/a/tags/list")[0].authorization == BASIC


def test_unusable_challenge_is_named(scripted, client_of):
    scripted.on("GET", "/v2/", Reply(401, headers={"WWW-Authenticate": "Negotiate"}))
    with pytest.raises(Unauthorized, match=r"^login_kind_unsupported .*offered=negotiate"):
        client_of(scripted, CREDENTIAL).list_tags("a")


def test_registry_that_challenges_only_inside(scripted, client_of):
    scripted.on("GET", "/token", Reply(body=b'{"token":"t"}'))
    scripted.on("GET", "/v2/a/tags/list", require_token("t", TAGS))
    assert client_of(scripted, CREDENTIAL).list_tags("a") == ["1.0"]


def test_basic_is_used_where_the_bearer_realm_is_not_approved(registry_and_realm, client_of):
    registry, realm = registry_and_realm
    registry.on(
        "GET",
        "/v2/",
        Reply(
            401,
            headers={
                "WWW-Authenticate": 'Bearer realm="http://auth.example/token", Basic realm="r"'
            },
        ),
    )
    registry.on("GET", "/v2/a/tags/list", TAGS)
    client_of("registry.example", CREDENTIAL).list_tags("a")
    assert registry.made("GET", "/v2/a/tags/list")[0].authorization == BASIC
    assert realm.calls == []
