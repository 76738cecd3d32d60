"""The rights that tokens are asked for."""

from types import SimpleNamespace

import pytest

from registry_ui.oci.http_messages import Response
from registry_ui.oci.token_scopes import Scope, missing_scopes
from tests.parts.bytes_readers import descriptor_of, source_of
from tests.parts.scripted_server import Reply
from tests.parts.scripted_tokens import CREDENTIAL, TAGS, require_token

BLOB = b"blob" * 1000


def test_a_push_token_serves_reading_too(token_registry_of, client_of):
    registry = token_registry_of({"token": "wide"})
    registry.on("HEAD", "/v2/a/blobs/.*", require_token("wide", Reply(404)))
    registry.on("POST", "/v2/a/blobs/uploads/", Reply(202, headers={"Location": "/up"}))
    registry.on("PUT", "/up", Reply(201))
    store = client_of(registry, CREDENTIAL).store("a", push=True)
    assert not store.has_blob(descriptor_of(BLOB))
    store.write_blob(descriptor_of(BLOB), source_of(BLOB))
    (asked,) = registry.made("GET", "/token")
    assert asked.query["scope"] == ["repository:a:pull,push"]


def test_mount_asks_for_both_repositories_with_the_target_first(token_registry_of, client_of):
    registry = token_registry_of({"token": "both"})
    registry.on("POST", "/v2/a/blobs/uploads/", require_token("both", Reply(201)))
    assert client_of(registry, CREDENTIAL).store("a").mount_blob(descriptor_of(BLOB), "b") is True
    assert registry.made("GET", "/token")[0].query["scope"] == [
        "repository:a:pull,push",
        "repository:b:pull",
    ]


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


def refusal(challenge):
    """Return a response with a challenge, without a connection."""
    raw = SimpleNamespace(status=401, headers={"WWW-Authenticate": challenge})
    return Response(raw, None, "https://registry.example.com/v2/", None, 1, is_foreign=False)


@pytest.mark.parametrize(
    ("challenge", "missing"),
    [
        ('Bearer scope="repository:a:pull"', ()),
        ('Bearer scope="repository:a:pull,push"', ("repository:a:pull,push",)),
        ('Bearer scope="repository:b:pull"', ("repository:b:pull",)),
        (
            'Bearer scope="repository:a:pull registry:catalog:* repository:b:pull"',
            ("registry:catalog:*", "repository:b:pull"),
        ),
        ('Basic realm="r", Bearer scope="repository:b:pull"', ("repository:b:pull",)),
        ('Basic scope="repository:b:pull"', ()),
        ("Bearer", ()),
        ("", ()),
        (f'Bearer scope="repository:{"b" * 1000}:pull"', ()),
        ('Bearer scope="repository:bü:pull"', ()),
    ],
)
def test_only_scopes_that_were_not_requested_are_missing(challenge, missing):
    assert missing_scopes(refusal(challenge), ("repository:a:pull",)) == missing


def test_a_scope_of_more_actions_covers_fewer_in_any_order():
    response = refusal('Bearer scope="repository:a:pull repository:a:delete,push"')

    assert missing_scopes(response, ("repository:a:push,pull,delete",)) == ()


def test_the_list_of_repositories_is_a_resource_of_its_own_kind():
    assert Scope("catalog", "*", kind="registry").texts == ("registry:catalog:*",)
