"""Logins and tokens, against scripted token services."""

import base64
import json
import threading
import time
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_ui.oci.basic_credential import BasicCredential
from registry_ui.oci.challenges import parse_challenges
from registry_ui.oci.connections import Limits
from registry_ui.oci.errors import Denied, EgressRefused, NotARegistry, OciError, Unauthorized
from tests.parts.bytes_readers import descriptor_of, source_of
from tests.parts.scripted_server import Reply

SECRET = "canary-7f3a91"
CREDENTIAL = BasicCredential("alice", SECRET)
BASIC = "Basic " + base64.b64encode(f"alice:{SECRET}".encode()).decode()
BLOB = b"blob" * 1000
TAGS = Reply(body=b'{"tags":["1.0"]}')


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('Basic realm="r"', [("basic", {"realm": "r"})]),
        ("Negotiate", [("negotiate", {})]),
        ('Negotiate, Basic realm="r"', [("negotiate", {}), ("basic", {"realm": "r"})]),
        (
            'Bearer realm="https://a/t?x=1",service="s",scope="repository:a:pull,push"',
            [
                (
                    "bearer",
                    {"realm": "https://a/t?x=1", "service": "s", "scope": "repository:a:pull,push"},
                )
            ],
        ),
        (
            'Bearer realm="a", service="b", Basic realm="c"',
            [("bearer", {"realm": "a", "service": "b"}), ("basic", {"realm": "c"})],
        ),
        (
            r'Basic realm="with \"quotes\" and \\ inside"',
            [("basic", {"realm": 'with "quotes" and \\ inside'})],
        ),
        ("bearer  REALM = plain , service= s", [("bearer", {"realm": "plain", "service": "s"})]),
        ("NTLM TlRMTVNTUAAC==, Basic realm=x", [("ntlm", {}), ("basic", {"realm": "x"})]),
        ("", []),
        (", ,", []),
    ],
)
def test_challenges_are_parsed(header, expected):
    assert [
        (challenge.scheme, dict(challenge.parameters)) for challenge in parse_challenges(header)
    ] == expected


@given(st.text(max_size=300))
def test_any_challenge_is_parsed_without_an_error(header):
    parse_challenges(header)


def test_hostile_challenges_are_parsed_quickly():
    started = time.thread_time()
    for hostile in (
        'a="' + "\\" * 100_000,
        "a," * 100_000,
        "a" * 100_000,
        'Bearer realm="' + "x" * 100_000,
        "a=b " * 50_000,
    ):
        parse_challenges(hostile)
    assert time.thread_time() - started < 5


def asks_for_token(registry, realm, *, service="registry.test", extra=""):
    registry.on(
        "GET",
        "/v2/",
        Reply(
            401, headers={"WWW-Authenticate": f'Bearer realm="{realm}",service="{service}"{extra}'}
        ),
    )


def takes(token, reply):
    """Return a script that answers `reply` to a bearer of the token, and 401 to others."""

    def script(call):
        return (
            reply
            if call.authorization == f"Bearer {token}"
            else Reply(401, headers={"WWW-Authenticate": 'Bearer realm="/token"'})
        )

    return script


@pytest.fixture
def token_registry_of(scripted):
    """Return a function that starts a registry with its own /token; each body is one answer."""

    def make(*documents):
        asks_for_token(scripted, "/token")
        scripted.on(
            "GET", "/token", *(Reply(body=json.dumps(document).encode()) for document in documents)
        )
        return scripted

    return make


def test_token_is_asked_with_the_credential_and_kept(token_registry_of, client_of):
    registry = token_registry_of({"token": "t1"})
    registry.on("GET", "/v2/team/app/tags/list", takes("t1", TAGS))
    client = client_of(registry, CREDENTIAL)
    assert client.list_tags("team/app") == client.list_tags("team/app") == ["1.0"]
    (asked,) = registry.made("GET", "/token")
    assert asked.authorization == BASIC
    assert asked.query == {
        "service": ["registry.test"],
        "account": ["alice"],
        "scope": ["repository:team/app:pull"],
    }


def test_only_access_token_is_enough(token_registry_of, client_of):
    registry = token_registry_of({"access_token": "t1"})
    registry.on("GET", "/v2/a/tags/list", takes("t1", TAGS))
    assert client_of(registry).list_tags("a") == ["1.0"]
    assert registry.made("GET", "/token")[0].authorization == "", (
        "an anonymous client has nothing to show"
    )


def test_each_scope_has_a_token_of_its_own(token_registry_of, client_of):
    registry = token_registry_of({"token": "a"}, {"token": "b"})
    registry.on("GET", "/v2/one/tags/list", takes("a", TAGS))
    registry.on("GET", "/v2/two/tags/list", takes("b", TAGS))
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
    registry.on("GET", "/v2/.*/tags/list", takes("t", TAGS))
    client = client_of(registry, CREDENTIAL)
    for name in ("one", "two", "three", "three", "two", "one"):
        client.list_tags(name)
    asked = [call.query["scope"][0].split(":")[1] for call in registry.made("GET", "/token")]
    assert asked == ["one", "two", "three", "one"]


def test_threads_share_one_token_request(token_registry_of, client_of):
    registry = token_registry_of({"token": "t"})
    registry.on("GET", "/token", Reply(body=b'{"token":"t"}', stall=0.2))
    registry.on("GET", "/v2/a/tags/list", takes("t", TAGS))
    client = client_of(registry, CREDENTIAL)
    threads = [threading.Thread(target=client.list_tags, args=("a",)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(registry.made("GET", "/token")) == 1
    assert len(registry.made("GET", "/v2/a/tags/list")) == 8


def test_a_push_token_serves_reading_too(token_registry_of, client_of):
    registry = token_registry_of({"token": "wide"})
    registry.on("HEAD", "/v2/a/blobs/.*", takes("wide", Reply(404)))
    registry.on("POST", "/v2/a/blobs/uploads/", Reply(202, headers={"Location": "/up"}))
    registry.on("PUT", "/up", Reply(201))
    store = client_of(registry, CREDENTIAL).store("a", push=True)
    assert not store.has_blob(descriptor_of(BLOB))
    store.write_blob(descriptor_of(BLOB), source_of(BLOB))
    (asked,) = registry.made("GET", "/token")
    assert asked.query["scope"] == ["repository:a:pull,push"]


def test_mount_asks_for_both_repositories_with_the_target_first(token_registry_of, client_of):
    registry = token_registry_of({"token": "both"})
    registry.on("POST", "/v2/a/blobs/uploads/", takes("both", Reply(201)))
    assert client_of(registry, CREDENTIAL).store("a").mount_blob(descriptor_of(BLOB), "b") is True
    assert registry.made("GET", "/token")[0].query["scope"] == [
        "repository:a:pull,push",
        "repository:b:pull",
    ]


def test_expired_token_is_renewed_once_between_post_and_put(
    token_registry_of, client_of, monkeypatch
):
    monkeypatch.setattr("registry_ui.oci.token_service._JUST_ISSUED_SECONDS", 0)
    registry = token_registry_of({"token": "old"}, {"token": "new"})
    registry.on(
        "POST", "/v2/a/blobs/uploads/", takes("old", Reply(202, headers={"Location": "/v2/up"}))
    )
    registry.on("PUT", "/v2/up", takes("new", Reply(201)))
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
    registry.on("PUT", "/v2/up", early, takes("new", Reply(201)))
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
    assert "does not let this credential pull from a" in caught.value.message
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
    with pytest.raises(Denied, match="push to a"):
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
    assert "Add a credential" in caught.value.advice


@pytest.mark.parametrize("status", [401, 403])
def test_insufficient_scope_asks_for_the_wider_one(token_registry_of, client_of, status):
    registry = token_registry_of({"token": "narrow"}, {"token": "wide"})
    challenge = (
        'Bearer realm="/token",scope="repository:a:pull,metadata_read",error="insufficient_scope"'
    )

    def tags(call):
        return (
            TAGS
            if call.authorization == "Bearer wide"
            else Reply(status, headers={"WWW-Authenticate": challenge})
        )

    registry.on("GET", "/v2/a/tags/list", tags)
    client = client_of(registry, CREDENTIAL)
    assert client.list_tags("a") == client.list_tags("a") == ["1.0"]
    assert registry.made("GET", "/token")[1].query["scope"] == [
        "repository:a:pull",
        "repository:a:pull,metadata_read",
    ]
    assert len(registry.made("GET", "/v2/a/tags/list")) == 3


def test_identity_token_is_posted_and_a_rotated_one_is_used(scripted, client_of):
    asks_for_token(scripted, "/token")
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
    asks_for_token(scripted, "/token")
    scripted.on("POST", "/token", Reply(404))
    scripted.on("GET", "/token", Reply(body=b'{"token":"t"}'))
    scripted.on("GET", "/v2/a/tags/list", takes("t", TAGS))
    assert client_of(scripted, BasicCredential("", SECRET)).list_tags("a") == ["1.0"]


def test_identity_token_is_not_posted_after_a_redirect(scripted, scripted_servers, client_of):
    other = scripted_servers()
    asks_for_token(scripted, "/token")
    scripted.on("POST", "/token", Reply(307, headers={"Location": f"{other.url}/token"}))
    with pytest.raises(OciError):
        client_of(scripted, BasicCredential("", SECRET)).list_tags("a")
    assert other.calls == []


def test_the_usable_one_of_two_challenges_is_used(scripted, client_of):
    scripted.on(
        "GET", "/v2/", Reply(401, headers={"WWW-Authenticate": 'Negotiate, Basic realm="r"'})
    )
    scripted.on("GET", "/v2/a/tags/list", TAGS)
    client_of(scripted, CREDENTIAL).list_tags("a")
    assert scripted.made("GET", "/v2/a/tags/list")[0].authorization == BASIC


def test_unusable_challenge_is_named(scripted, client_of):
    scripted.on("GET", "/v2/", Reply(401, headers={"WWW-Authenticate": "Negotiate"}))
    with pytest.raises(Unauthorized, match="negotiate"):
        client_of(scripted, CREDENTIAL).list_tags("a")


def test_relative_realm_with_a_query_keeps_it(scripted, client_of):
    asks_for_token(scripted, "/token?tenant=a%2Fb")
    scripted.on("GET", "/token", Reply(body=b'{"token":"t"}'))
    scripted.on("GET", "/v2/a/tags/list", takes("t", TAGS))
    client_of(scripted).list_tags("a")
    assert scripted.made("GET", "/token")[0].query["tenant"] == ["a/b"]


def test_registry_that_challenges_only_inside(scripted, client_of):
    scripted.on("GET", "/token", Reply(body=b'{"token":"t"}'))
    scripted.on("GET", "/v2/a/tags/list", takes("t", TAGS))
    assert client_of(scripted, CREDENTIAL).list_tags("a") == ["1.0"]


# --- realms


@pytest.fixture
def registry_and_realm(internet, scripted_servers):
    registry, realm = scripted_servers(), scripted_servers()
    internet.add("registry.example", registry, "93.184.216.34")
    internet.add("auth.example", realm, "93.184.216.35")
    asks_for_token(registry, "http://auth.example/token")
    realm.on("GET", "/token", Reply(body=b'{"token":"t"}'))
    registry.on("GET", "/v2/a/tags/list", takes("t", TAGS))
    return registry, realm


def test_credential_does_not_go_to_an_unapproved_realm(registry_and_realm, client_of):
    registry, realm = registry_and_realm
    with pytest.raises(EgressRefused, match=r"auth\.example, which is not approved"):
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


# --- login


def test_login_with_basic(scripted, client_of):
    def ping(call):
        return (
            Reply(body=b"{}")
            if call.authorization == BASIC
            else Reply(401, headers={"WWW-Authenticate": 'Basic realm="r"'})
        )

    scripted.on("GET", "/v2/", ping)
    assert client_of(scripted, CREDENTIAL).login() == "basic"
    with pytest.raises(Unauthorized, match="wrong, or has expired"):
        client_of(scripted, BasicCredential("alice", "wrong-canary")).login()
    with pytest.raises(Unauthorized, match="wants a login"):
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
    with pytest.raises(Unauthorized, match="wrong, or has expired"):
        client_of(scripted, BasicCredential("alice", "wrong-canary")).login()


def test_login_where_none_is_asked_for(scripted, client_of):
    assert client_of(scripted, CREDENTIAL).login() == "none"


def test_login_detects_a_wrong_password_even_where_anonymous_access_is_allowed(scripted, client_of):
    scripted.on("GET", "/v2/", lambda call: Reply(401) if call.authorization else Reply(body=b"{}"))
    with pytest.raises(Unauthorized):
        client_of(scripted, CREDENTIAL).login()


def test_token_service_with_malformed_answers(scripted, client_of):
    asks_for_token(scripted, "/token")
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
        with pytest.raises(Unauthorized, match="token"):
            client_of(scripted, CREDENTIAL).list_tags("a")


def test_token_lives_at_least_a_minute_whatever_the_service_says(token_registry_of, client_of):
    registry = token_registry_of(
        {"token": "t", "expires_in": 1, "issued_at": "2001-01-01T00:00:00Z"}
    )
    registry.on("GET", "/v2/a/tags/list", takes("t", TAGS))
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


# --- nothing leaks


def test_no_secret_in_any_error_or_its_chain(scripted, client_of):
    echo = json.dumps(
        {
            "errors": [
                {"code": "DENIED", "message": f"{SECRET} {BASIC} https://x.example/y?sig={SECRET}"}
            ]
        }
    ).encode()
    faults = (
        Reply(reset=True),
        Reply(403, echo),
        Reply(500, echo),
        Reply(404, echo),
        Reply(418, echo),
        Reply(200, b"<", length=50),
        Reply(429, echo),
    )
    scripted.on("GET", "/v2/", Reply(401, headers={"WWW-Authenticate": 'Basic realm="r"'}))
    for fault in faults:
        for method in ("GET", "POST", "PUT", "HEAD"):
            scripted.on(method, "/v2/a/.*", fault)
        store = client_of(
            scripted, CREDENTIAL, limits=Limits(tries=2, read=2, first_pause=0.001)
        ).store("a")
        for call, *arguments in (
            (store.get_manifest, "1.0"),
            (store.head_manifest, "1.0"),
            (store.open_blob, descriptor_of(BLOB)),
            (store.write_blob, descriptor_of(BLOB), source_of(BLOB)),
        ):
            try:
                call(*arguments)
            except OciError as exc:
                text = (
                    "".join(traceback.format_exception(exc)) + repr(exc) + exc.message + exc.advice
                )
                assert SECRET not in text
                assert BASIC.removeprefix("Basic ") not in text
                failure = exc
                while failure is not None:
                    assert type(failure).__module__.split(".")[0] not in ("requests", "urllib3"), (
                        "their exceptions hold headers and URLs"
                    )
                    failure = failure.__cause__ or failure.__context__
    assert SECRET not in repr(CREDENTIAL)


def test_signed_url_of_a_redirect_is_not_in_the_error(
    scripted, client_of, internet, scripted_servers
):
    cdn = scripted_servers()
    internet.add("cdn.example", cdn, "93.184.216.35")
    scripted.on(
        "GET",
        "/v2/a/blobs/.*",
        Reply(307, headers={"Location": f"http://cdn.example/b?X-Signature={SECRET}"}),
    )
    cdn.on("GET", "/b", Reply(reset=True))
    with pytest.raises(OciError) as caught:
        client_of(scripted).store("a").open_blob(descriptor_of(BLOB))
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_redirecting_ping_that_wants_a_login_elsewhere(
    scripted, client_of, internet, scripted_servers
):
    other = scripted_servers()
    internet.add("other.example", other, "93.184.216.35")
    scripted.on("GET", "/v2/", Reply(302, headers={"Location": "http://other.example/v2/"}))
    other.on("GET", "/v2/", Reply(401, headers={"WWW-Authenticate": 'Basic realm="evil"'}))
    with pytest.raises(NotARegistry, match=r"other\.example"):
        client_of(scripted, CREDENTIAL).list_tags("a")
    assert {call.authorization for call in other.calls} == {""}
