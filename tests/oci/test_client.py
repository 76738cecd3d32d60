"""Names, access rights and tags of a registry, and real registries with each kind of login."""

import json

import pytest

from registry_ui.oci.basic_credential import BasicCredential
from registry_ui.oci.errors import (
    Denied,
    InvalidManifest,
    InvalidReference,
    NotARegistry,
    TlsFailed,
    Unauthorized,
)
from registry_ui.oci.manifest import Manifest
from tests.parts.bytes_readers import descriptor_of, read_all, source_of
from tests.parts.scripted_server import Reply
from tests.parts.small_manifest import DIGEST, RAW
from tests.parts.tag_lists import TAGS, page

# --- names never reach a path unchecked


@pytest.mark.parametrize(
    "name", ["../x", "a/../b", "A", "a?x=1", "a#b", "a b", "", "a//b", "a%2f..", "a/"]
)
def test_bad_repository_makes_no_request(scripted, client_of, name):
    client = client_of(scripted)
    for call in (client.store, client.list_tags, lambda name: client.check_access(name, "pull")):
        with pytest.raises(InvalidReference):
            call(name)
    assert scripted.calls == []


# --- tags


def test_tags_over_pages_relative_and_absolute(scripted, client_of):
    pages = {
        None: page(["1", "2"], f'<{TAGS}?last=2&n=2>; rel="next"'),
        "2": page(["3"], f'<{scripted.url}{TAGS}?last=3>; title="x"; rel=next'),
        "3": page(["4", None, "sha256-" + "a" * 64, "sha256-" + "a" * 64 + ".sig", "2"], ""),
    }
    scripted.on("GET", TAGS, lambda call: pages[call.query.get("last", [None])[0]])
    assert client_of(scripted).list_tags("team/app") == ["1", "2", "3", "4"]


def test_tags_stop_at_the_limit(scripted, client_of):
    scripted.on("GET", TAGS, page(["1", "2"], f'<{TAGS}?last=2>; rel="next"'))
    assert client_of(scripted).list_tags("team/app", limit=2) == ["1", "2"]
    assert len(scripted.made("GET", TAGS)) == 1


def test_tags_null_empty_and_bare(scripted, client_of):
    scripted.on("GET", TAGS, page(None), page([]), Reply(body=b'["1"]'))
    client = client_of(scripted)
    assert [client.list_tags("team/app") for _ in range(3)] == [[], [], ["1"]]


@pytest.mark.parametrize(
    "link",
    [f'<{TAGS}>; rel="next"', f'<{TAGS}?last=1>; rel="next"', '<>; rel="next"', "", '; rel="next"'],
)
def test_looping_and_empty_links_end(scripted, client_of, link):
    scripted.on("GET", TAGS, page(["1"], link))
    assert client_of(scripted).list_tags("team/app") == ["1"]
    assert len(scripted.made("GET", TAGS)) <= 2


def test_links_that_differ_for_ever_end_when_nothing_new_comes(scripted, client_of):
    numbers = iter(range(1000))
    scripted.on("GET", TAGS, lambda call: page(["1"], f'<{TAGS}?page={next(numbers)}>; rel="next"'))
    assert client_of(scripted).list_tags("team/app") == ["1"]
    assert len(scripted.made("GET", TAGS)) == 2


@pytest.mark.parametrize("body", [b"<html>", b"{", b'{"tags": "x"}', b"5"])
def test_garbage_in_place_of_tags(scripted, client_of, body):
    scripted.on("GET", TAGS, Reply(body=body))
    with pytest.raises(InvalidManifest):
        client_of(scripted).list_tags("team/app")


# --- real registries


def test_real_registry_with_a_password(htpasswd_registry, client_of):
    good = BasicCredential(htpasswd_registry.username, htpasswd_registry.password)
    repository = htpasswd_registry.new_repository()
    client = client_of(htpasswd_registry.host, good)
    assert client.login() == "basic"
    client.check_access(repository, "pull,push")
    move_through(client.store(repository, push=True))
    with pytest.raises(Unauthorized):
        client_of(htpasswd_registry.host, BasicCredential(good.username, "wrong")).login()
    with pytest.raises(Unauthorized):
        client_of(htpasswd_registry.host).list_tags(repository)


def test_real_registry_with_tokens(token_registry, client_of):
    repository = token_registry.new_repository()
    client = client_of(
        token_registry.host, BasicCredential(token_registry.username, token_registry.password)
    )
    assert client.login() == "token"
    client.check_access(repository, "pull,push")
    move_through(client.store(repository))
    assert client.list_tags(repository) == ["1.0"]
    other = client.store(token_registry.new_repository())
    assert other.mount_blob(descriptor_of(b"{}"), repository)
    reader = client_of(
        token_registry.host,
        BasicCredential(token_registry.reader_username, token_registry.reader_password),
    )
    reader.check_access(repository, "pull")
    assert reader.store(repository).get_manifest("1.0").digest == DIGEST
    with pytest.raises(Denied):
        reader.check_access(repository, "pull,push")
    with pytest.raises(Unauthorized):
        client_of(token_registry.host, BasicCredential("publisher", "wrong")).login()


def test_real_registry_with_tls(tls_registry, client_of):
    client = client_of(tls_registry.host, scheme="https", ca_pem=tls_registry.ca_pem)
    move_through(client.store(tls_registry.new_repository()))
    with pytest.raises(TlsFailed, match=r"^certificate_authority_unknown "):
        client_of(tls_registry.host, scheme="https").ping()
    with pytest.raises(NotARegistry) as caught:
        client_of(tls_registry.host, scheme="http").ping()
    assert caught.value.code == "https_expected"


def move_through(store):
    """Push a small image, and read it back."""
    layer = bytes(range(256)) * 20_000
    raw = json.loads(RAW)
    raw["layers"] = []
    for blob in (b"{}", layer, b""):
        assert not store.has_blob(descriptor_of(blob)) or not blob
        store.write_blob(descriptor_of(blob), source_of(blob))
        assert store.has_blob(descriptor_of(blob))
        assert read_all(store.open_blob(descriptor_of(blob))) == blob
    assert read_all(store.open_blob(descriptor_of(layer), 1_234_567)) == layer[1_234_567:]
    assert store.head_manifest("1.0") is None
    store.put_manifest(Manifest.parse(RAW), "1.0")
    assert store.head_manifest("1.0").digest == store.get_manifest(DIGEST).digest == DIGEST


def test_check_for_pull_accepts_an_empty_repository(scripted, client_of):
    scripted.on("GET", "/v2/a/tags/list", Reply(404, b'{"errors":[{"code":"NAME_UNKNOWN"}]}'))
    client_of(scripted).check_access("a", "pull")
    scripted.on("GET", "/v2/a/tags/list", Reply(403, b'{"errors":[{"code":"DENIED"}]}'))
    with pytest.raises(Denied):
        client_of(scripted).check_access("a", "pull")
