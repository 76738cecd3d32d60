"""The bodies of responses, and the headers that describe them."""

from types import SimpleNamespace

import pytest

from registry_ui.oci.connections import Limits
from registry_ui.oci.errors import ConnectionTimeout, InvalidManifest, OciError, ResponseError
from registry_ui.oci.http_messages import Authorization, Request, Response
from registry_ui.oci.manifest import OCI_MANIFEST
from tests.parts.scripted_server import Reply
from tests.parts.small_manifest import MANIFEST


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


@pytest.fixture
def response_to(scripted, client_of):
    """Return a function that exchanges one request for a scripted reply."""

    def exchange(reply):
        scripted.on("GET", "/x", reply)
        return client_of(scripted).transport.exchange(Request("GET", f"{scripted.url}/x"))

    return exchange


@pytest.mark.parametrize(
    ("text", "media_type"),
    [("Text/HTML; charset=utf-8", "text/html"), (" a/b ", "a/b"), ("", "")],
)
def test_a_media_type_has_no_parameters(response_to, text, media_type):
    assert response_to(Reply(headers={"Content-Type": text})).media_type == media_type


def test_a_body_is_read_to_its_limit_and_no_further(response_to):
    assert response_to(Reply(body=b"x" * 2048)).read(2048) == b"x" * 2048
    with pytest.raises(InvalidManifest, match=r"^answer_too_large .*limit_bytes=2048"):
        response_to(Reply(body=b"x" * 2049)).read(2048)


def test_a_compressed_body_is_named_as_the_fault_of_a_proxy(response_to):
    response = response_to(Reply(body=b"x", headers={"Content-Encoding": " GZIP "}))

    with pytest.raises(ResponseError) as caught:
        response.read(100)
    assert caught.value.code == "answer_compressed"


def test_the_start_of_an_errors_body_is_read_whatever_happens(response_to):
    assert response_to(Reply(500, b"reason" * 100)).read_start(6) == b"reason"
    assert response_to(Reply(500, b"rea", length=100)).read_start(6) == b""
    encoded = Reply(500, b"reason", {"Content-Encoding": "br"})
    assert response_to(encoded).read_start(6) == b""


def test_a_dripping_body_is_given_up(scripted, client_of):
    scripted.on("GET", "/x", Reply(body=b"x" * 1000, drip=0.05))
    client = client_of(scripted, limits=Limits(read=0.2))
    response = client.transport.exchange(Request("GET", f"{scripted.url}/x"))

    with pytest.raises(ConnectionTimeout, match=r"^answer_too_slow "):
        response.read(2000)


@pytest.mark.parametrize(
    ("text", "length"),
    [("0", 0), ("12", 12), ("", None), ("-1", None), ("١٢", None), ("1e3", None), ("9" * 20, None)],
)
def test_a_length_is_a_plain_number(text, length):
    assert response_with({"Content-Length": text}).length == length


def response_with(headers):
    """Return a response without a connection."""
    raw = SimpleNamespace(status=200, headers=headers)
    return Response(raw, None, "https://registry.example.com/v2/", None, 1, is_foreign=False)


def test_neither_an_authorization_nor_its_request_shows_the_header():
    request = Request("GET", "https://x", authorization=Authorization("Bearer canary"))

    assert "canary" not in repr(request)
