"""Manifests, tags, pings, retries: unusual responses of registries, and their messages."""

import datetime
import email.utils
import json
import threading
import time

import pytest

from registry_ui.oci.basic_credential import BasicCredential
from registry_ui.oci.client import RateLimit
from registry_ui.oci.connections import Limits
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import (
    BlobUnknown,
    ConnectionFailed,
    ContentMismatch,
    Denied,
    InvalidDigest,
    InvalidManifest,
    InvalidReference,
    ManifestUnknown,
    NotARegistry,
    OciError,
    RateLimited,
    RepositoryUnknown,
    ServerFailed,
    TlsFailed,
    Unauthorized,
    Unsupported,
)
from registry_ui.oci.manifest import OCI_CONFIG, OCI_MANIFEST, Manifest
from registry_ui.oci.store import ImageStore
from tests.parts.bytes_readers import descriptor_of, read_all, source_of
from tests.parts.certificates import make_authority
from tests.parts.scripted_server import Reply

RAW = json.dumps(
    {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": {"mediaType": OCI_CONFIG, "digest": str(Digest.of(b"{}")), "size": 2},
        "layers": [],
    }
).encode()
DIGEST = Digest.of(RAW)
FOUND = {"Content-Type": f"{OCI_MANIFEST}; charset=utf-8", "Docker-Content-Digest": str(DIGEST)}
MANIFEST = "/v2/team/app/manifests/.*"


@pytest.fixture
def store(scripted, client_of) -> ImageStore:
    return client_of(scripted).store("team/app")


def error_body(code, message=""):
    return json.dumps({"errors": [{"code": code, "message": message}]}).encode()


# --- ping


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
    with pytest.raises(NotARegistry, match="is not a registry"):
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


def test_something_that_is_not_http(client_of):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:

        def speak():
            connection, _ = server.accept()
            connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
            connection.close()

        threading.Thread(target=speak, daemon=True).start()
        with pytest.raises(ConnectionFailed):
            client_of(f"127.0.0.1:{server.getsockname()[1]}").ping()


# --- TLS


def test_own_authority_is_trusted(scripted_servers, tls_of, client_of):
    context, pem = tls_of("127.0.0.1")
    server = scripted_servers(context)
    client_of(server, ca_pem=pem).ping()
    with pytest.raises(TlsFailed) as caught:
        client_of(server).ping()
    assert "add the authority's certificate" in caught.value.advice
    assert [call.path for call in server.calls] == ["/v2/"]


def test_wrong_host_expired_and_foreign_authority(scripted_servers, tls_of, client_of):
    for hosts, options, message in (
        (("registry.example",), {}, "another host"),
        (("127.0.0.1",), {"expired": True}, "expired"),
        (("127.0.0.1",), {"signer": make_authority("Somebody else")}, "authority"),
    ):
        context, pem = tls_of(*hosts, **options)
        server = scripted_servers(context)
        trusted = pem if "signer" not in options else tls_of("127.0.0.1")[1]
        with pytest.raises(TlsFailed, match=message):
            client_of(server, ca_pem=trusted).ping()
        assert server.calls == []


def test_certificate_of_the_token_service_is_verified_too(scripted_servers, tls_of, client_of):
    good, pem = tls_of("127.0.0.1")
    bad, _ = tls_of("127.0.0.1", expired=True)
    registry, tokens = scripted_servers(good), scripted_servers(bad)
    registry.on(
        "GET",
        "/v2/",
        Reply(401, headers={"WWW-Authenticate": f'Bearer realm="{tokens.url}/token"'}),
    )
    with pytest.raises(TlsFailed, match="expired"):
        client_of(registry, BasicCredential("alice", "secret"), ca_pem=pem).list_tags("a")
    assert tokens.calls == []


def test_https_on_a_plain_port_says_so_and_never_falls_back(scripted, client_of):
    with pytest.raises(TlsFailed) as caught:
        client_of(scripted.host, scheme="https").ping()
    assert "speaks plain HTTP" in caught.value.message
    assert "Plain HTTP" in caught.value.advice
    assert scripted.made("GET", "/v2/") == []


def test_unreadable_authority(scripted, client_of):
    with pytest.raises(TlsFailed, match="cannot be read"):
        client_of(
            scripted, ca_pem="-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----"
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
        with pytest.raises(OciError, match="plain http"):
            client_of(registry, credential, ca_pem=pem).list_tags("a")
    assert scripted.calls == []


def test_upload_location_on_plain_http_explains_the_proxy(scripted_servers, tls_of, client_of):
    context, pem = tls_of("127.0.0.1")
    registry = scripted_servers(context)
    registry.on(
        "POST",
        "/v2/a/blobs/uploads/",
        Reply(202, headers={"Location": f"http://{registry.host}/v2/up"}),
    )
    with pytest.raises(OciError) as caught:
        client_of(registry, ca_pem=pem).store("a").write_blob(descriptor_of(b"x"), source_of(b"x"))
    assert "X-Forwarded-Proto" in caught.value.advice


# --- manifests


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
    with pytest.raises(ManifestUnknown, match=r"has no tag 1\.0"):
        store.get_manifest("1.0")
    with pytest.raises(ManifestUnknown, match="has no manifest sha256:"):
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


@pytest.mark.parametrize("status", [200, 302, 401, 403, 500])
def test_compressed_bombs_are_never_unpacked(scripted, store, status):
    import tracemalloc
    import zlib

    bomb = zlib.compress(bytes(200_000_000), 9)
    headers = {
        "Content-Encoding": "deflate",
        "Content-Type": OCI_MANIFEST,
        "Location": "/elsewhere",
    }
    scripted.on("GET", MANIFEST, Reply(status, bomb, headers))
    tracemalloc.start()
    with pytest.raises(OciError):
        store.get_manifest("1.0")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20_000_000


def test_cut_manifest_is_an_error_of_the_connection(scripted, store):
    scripted.on("GET", MANIFEST, Reply(body=RAW[:50], length=len(RAW), headers=FOUND))
    with pytest.raises(ConnectionFailed):
        store.get_manifest("1.0")


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
    ("status", "body", "kind", "message"),
    [
        (404, error_body("MANIFEST_BLOB_UNKNOWN", "blob unknown"), BlobUnknown, "lacks a blob"),
        (
            400,
            error_body(
                "TAG_INVALID",
                "The image tag '1.0' already exists and cannot be overwritten because the tag is "
                "immutable.",
            ),
            Denied,
            "immutable",
        ),
        (412, error_body("PRECONDITION", "configured as immutable"), Denied, "immutable"),
        (
            403,
            error_body(
                "DENIED",
                "adding 3 MiB of storage resource … will exceed the configured upper limit",
            ),
            Denied,
            "quota",
        ),
        (
            405,
            error_body("DENIED", "can not push artifact to a proxy project"),
            Denied,
            "proxy cache",
        ),
        (415, b"", Unsupported, "kind of manifest"),
        (400, error_body("UNSUPPORTED"), Unsupported, "kind of manifest"),
        (413, b"<html>nginx", OciError, "request of this size"),
        (
            403,
            error_body("DENIED", "requested access to the resource is denied"),
            Denied,
            "push to team/app",
        ),
    ],
)
def test_refused_manifest(scripted, store, status, body, kind, message):
    scripted.on("PUT", MANIFEST, Reply(status, body))
    with pytest.raises(kind, match=message) as caught:
        store.put_manifest(Manifest.parse(RAW), "1.0")
    assert not caught.value.temporary
    assert caught.value.advice
    assert caught.value.status == status


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


# --- blobs' existence


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


# --- tags


def page(tags, link=""):
    headers = {"Link": link} if link else {}
    return Reply(body=json.dumps({"name": "team/app", "tags": tags}).encode(), headers=headers)


TAGS = "/v2/team/app/tags/list"


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


def test_missing_repository(scripted, client_of):
    scripted.on(
        "GET", TAGS, Reply(404, error_body("NAME_UNKNOWN", "repository name not known to registry"))
    )
    with pytest.raises(RepositoryUnknown, match="has no repository team/app"):
        client_of(scripted).list_tags("team/app")


# --- pauses


def test_three_503_answers_and_then_success(scripted, client_of):
    pauses = []
    scripted.on("GET", TAGS, Reply(503), Reply(503), Reply(503), page(["1"]))
    client = client_of(scripted, on_pause=lambda seconds, reason: pauses.append((seconds, reason)))
    assert client.list_tags("team/app") == ["1"]
    assert len(pauses) == 3
    assert "in trouble (status 503)" in pauses[0][1]


@pytest.mark.parametrize("status", [408, 429, 499, 500, 502, 503, 504, 522])
def test_temporary_statuses_are_tried_again(scripted, client_of, status):
    scripted.on("GET", TAGS, Reply(status), page(["1"]))
    assert client_of(scripted).list_tags("team/app") == ["1"]


@pytest.mark.parametrize("status", [400, 403, 404, 405, 418, 501])
def test_final_statuses_are_not(scripted, client_of, status):
    scripted.on("GET", TAGS, Reply(status), page(["1"]))
    with pytest.raises(OciError):
        client_of(scripted).list_tags("team/app")
    assert len(scripted.made("GET", TAGS)) == 1


def in_a_second():
    return email.utils.format_datetime(
        datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=2), usegmt=True
    )


@pytest.mark.parametrize("header", [lambda: "1", in_a_second])
def test_retry_after_is_obeyed(scripted, client_of, header):
    pauses = []
    scripted.on(
        "GET", TAGS, lambda call: Reply(429, headers={"Retry-After": header()}), page(["1"])
    )
    client = client_of(
        scripted, on_pause=lambda seconds, reason: pauses.append(seconds), limits=Limits()
    )
    started = time.monotonic()
    assert client.list_tags("team/app") == ["1"]
    assert time.monotonic() - started > 0.9
    assert 0.9 < pauses[0] < 2.3


def test_long_retry_after_says_when_and_ends(scripted, client_of):
    scripted.on(
        "GET",
        TAGS,
        Reply(429, error_body("TOOMANYREQUESTS", "pull rate limit"), {"Retry-After": "10800"}),
    )
    with pytest.raises(RateLimited, match="for 3 hours") as caught:
        client_of(scripted, limits=Limits()).list_tags("team/app")
    assert caught.value.retry_after == 10800
    assert len(scripted.made("GET", TAGS)) == 1


def test_pause_holds_for_the_whole_client(scripted, client_of):
    scripted.on("GET", "/v2/one/tags/list", Reply(429, headers={"Retry-After": "1"}), page(["1"]))
    scripted.on("GET", "/v2/two/tags/list", page(["2"]))
    begun = threading.Event()
    client = client_of(scripted, on_pause=lambda *_: begun.set(), limits=Limits())
    other = threading.Thread(target=client.list_tags, args=("one",))
    other.start()
    assert begun.wait(2)
    started = time.monotonic()
    client.list_tags("two")
    assert time.monotonic() - started > 0.7
    other.join()


def test_reset_connections_are_tried_again(scripted, client_of):
    scripted.on("GET", TAGS, Reply(reset=True), Reply(reset=True), page(["1"]))
    assert client_of(scripted).list_tags("team/app") == ["1"]


def test_kept_connection_that_was_closed_meanwhile(scripted, client_of):
    scripted.on("GET", TAGS, page(["1"]))
    client = client_of(scripted)
    client.list_tags("team/app")
    for pool in client.transport._session.adapters["http://"].poolmanager.pools._container.values():
        pool.pool.queue[-1].sock.shutdown(2)
    assert client.list_tags("team/app") == ["1"]


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


def test_error_body_is_read_only_to_a_limit(scripted, client_of):
    scripted.on("GET", TAGS, Reply(400, b"x" * 10_000_000))
    with pytest.raises(OciError) as caught:
        client_of(scripted).list_tags("team/app")
    assert len(caught.value.message) < 500


def test_control_characters_do_not_reach_a_message(scripted, client_of):
    scripted.on("GET", TAGS, Reply(400, error_body("X", "line\nline\x1b[31mred\u202eevil")))
    with pytest.raises(OciError) as caught:
        client_of(scripted).list_tags("team/app")
    assert not any(
        ord(character) < 32 or character in "\u202e\x7f" for character in caught.value.message
    )


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
    with pytest.raises(TlsFailed, match="authority"):
        client_of(tls_registry.host, scheme="https").ping()
    with pytest.raises(NotARegistry) as caught:
        client_of(tls_registry.host, scheme="http").ping()
    assert "HTTPS" in caught.value.advice


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
