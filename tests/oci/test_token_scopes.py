"""The rights that tokens are asked for."""

import pytest

from tests.parts.bytes_readers import descriptor_of, source_of
from tests.parts.scripted_server import Reply
from tests.parts.scripted_tokens import CREDENTIAL, TAGS, takes

BLOB = b"blob" * 1000


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
