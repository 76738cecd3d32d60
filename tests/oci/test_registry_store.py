"""One repository of a registry: its manifests, and the existence of its blobs."""

import pytest

from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import (
    ContentMismatch,
    InvalidDigest,
    InvalidManifest,
    InvalidReference,
    ManifestUnknown,
    NotARegistry,
    ServerFailed,
)
from registry_ui.oci.manifest import OCI_MANIFEST, Manifest
from tests.parts.bytes_readers import descriptor_of
from tests.parts.scripted_server import Reply
from tests.parts.small_manifest import DIGEST, FOUND, MANIFEST, RAW


def test_head_and_get_ask_for_indexes_too(scripted, store):
    scripted.on("HEAD", MANIFEST, Reply(body=RAW, headers=FOUND))
    scripted.on("GET", MANIFEST, Reply(body=RAW, headers=FOUND))
    descriptor = store.head_manifest("1.0")
    assert (descriptor.digest, descriptor.size, descriptor.media_type) == (
        DIGEST,
        len(RAW),
        OCI_MANIFEST,
    )
    assert store.get_manifest("1.0").raw == RAW
    accepts = {
        call.headers["Accept"]
        for call in scripted.made("HEAD", MANIFEST) + scripted.made("GET", MANIFEST)
    }
    assert len(accepts) == 1
    assert "image.index" in (accept := accepts.pop())
    assert "manifest.list" in accept


@pytest.mark.parametrize(
    "reply",
    [
        Reply(405),
        Reply(200, RAW, {"Content-Type": OCI_MANIFEST}),
        Reply(200, RAW, {**FOUND, "Docker-Content-Digest": "sha256:nonsense"}),
        Reply(200, RAW, {**FOUND, "Content-Type": "application/json"}),
        Reply(501),
    ],
)
def test_head_that_says_too_little_is_followed_by_a_get(scripted, store, reply):
    scripted.on("HEAD", MANIFEST, reply)
    scripted.on("GET", MANIFEST, Reply(body=RAW, headers={"Content-Type": OCI_MANIFEST}))
    assert store.head_manifest("1.0").digest == DIGEST


def test_absent_manifest(scripted, store):
    assert store.head_manifest("1.0") is None
    scripted.on("HEAD", MANIFEST, Reply(405))
    assert store.head_manifest("1.0") is None
    with pytest.raises(ManifestUnknown, match=r"^tag_unknown .*name=1\.0"):
        store.get_manifest("1.0")
    with pytest.raises(ManifestUnknown, match=r"^manifest_unknown .*name=sha256:"):
        store.get_manifest(DIGEST)


@pytest.mark.parametrize("asked", [DIGEST, str(DIGEST)])
def test_pinned_digest_must_come(scripted, store, asked):
    other = RAW.replace(b'"layers": []', b'"layers":  []')
    scripted.on("GET", MANIFEST, Reply(body=other, headers={**FOUND}))
    scripted.on(
        "HEAD",
        MANIFEST,
        Reply(body=other, headers={**FOUND, "Docker-Content-Digest": str(Digest.of(other))}),
    )
    with pytest.raises(ContentMismatch):
        store.get_manifest(asked)
    with pytest.raises(ContentMismatch):
        store.head_manifest(asked)


def test_digest_header_of_a_tag_is_not_believed(scripted, store):
    scripted.on(
        "GET",
        MANIFEST,
        Reply(body=RAW, headers={**FOUND, "Docker-Content-Digest": str(Digest.of(b"other"))}),
    )
    assert store.get_manifest("1.0").digest == DIGEST


def test_web_page_or_garbage_in_place_of_a_manifest(scripted, store):
    scripted.on("GET", MANIFEST, Reply(body=b"<html>", headers={"Content-Type": "text/html"}))
    with pytest.raises(NotARegistry):
        store.get_manifest("1.0")
    scripted.on("GET", MANIFEST, Reply(body=b"nonsense", headers={"Content-Type": OCI_MANIFEST}))
    with pytest.raises(InvalidManifest):
        store.get_manifest("1.0")


def test_nine_mebibytes_are_refused(scripted, store):
    huge = b" " * (9 * 1024 * 1024)
    for reply in (Reply(body=huge, headers=FOUND), Reply(body=huge, headers=FOUND, chunked=True)):
        scripted.on("GET", MANIFEST, reply)
        with pytest.raises(InvalidManifest):
            store.get_manifest("1.0")
    scripted.on("HEAD", MANIFEST, Reply(length=len(huge), headers=FOUND))
    with pytest.raises(InvalidManifest):
        store.head_manifest("1.0")


def test_put_sends_the_exact_bytes(scripted, store):
    scripted.on("PUT", MANIFEST, Reply(201, headers={"Docker-Content-Digest": str(DIGEST)}))
    store.put_manifest(Manifest.parse(RAW), "1.0")
    (put,) = scripted.made("PUT")
    assert put.path == "/v2/team/app/manifests/1.0"
    assert (put.body, put.headers["Content-Type"]) == (RAW, OCI_MANIFEST)


def test_put_that_ends_in_another_digest(scripted, store):
    scripted.on(
        "PUT", MANIFEST, Reply(201, headers={"Docker-Content-Digest": str(Digest.of(b"other"))})
    )
    with pytest.raises(ContentMismatch):
        store.put_manifest(Manifest.parse(RAW), "1.0")
    with pytest.raises(ContentMismatch):
        store.put_manifest(Manifest.parse(RAW), Digest.of(b"other"))
    assert len(scripted.made("PUT")) == 1


@pytest.mark.parametrize(
    "reference",
    ["../x", "a/b", "a?b", "", "x" * 129, "sha256:../../x", "sha256:abc", f"sha256:{'a' * 63}/"],
)
def test_bad_tag_or_digest_makes_no_request(scripted, store, reference):
    for call in (
        store.head_manifest,
        store.get_manifest,
        lambda text: store.put_manifest(Manifest.parse(RAW), text),
    ):
        with pytest.raises((InvalidReference, InvalidDigest)):
            call(reference)
    assert scripted.calls == []


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Reply(200, length=5), True),
        (Reply(200, length=6), False),
        (Reply(404), False),
        (Reply(401), False),
        (Reply(403), False),
        (Reply(405), False),
    ],
)
def test_has_blob(scripted, store, reply, expected):
    scripted.on("HEAD", "/v2/team/app/blobs/.*", reply)
    assert store.has_blob(descriptor_of(b"12345")) is expected


def test_has_blob_fails_on_a_server_error(scripted, store):
    scripted.on("HEAD", "/v2/team/app/blobs/.*", Reply(500))
    with pytest.raises(ServerFailed):
        store.has_blob(descriptor_of(b"12345"))


def test_signed_url_that_refuses_head_counts_as_there(
    internet, scripted, scripted_servers, client_of
):
    cdn = scripted_servers()
    internet.add("cdn.example", cdn, "93.184.216.35")
    scripted.on(
        "HEAD",
        "/v2/a/blobs/sha256:.*",
        Reply(307, headers={"Location": "http://cdn.example/b?sig=get-only"}),
    )
    cdn.on("HEAD", "/b", Reply(403))
    assert client_of(scripted).store("a").has_blob(descriptor_of(b"12345")) is True
    assert len(cdn.calls) == 1
