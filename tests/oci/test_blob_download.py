"""Downloads that are cut, stalled, cancelled, or announced with the wrong size."""

import hashlib
import threading
import time
import tracemalloc

import pytest

from registry_ui.oci.connections import Limits
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import (
    BlobUnknown,
    Cancelled,
    ConnectionFailed,
    ContentMismatch,
    ResponseError,
    ServerFailed,
)
from registry_ui.oci.manifest import Descriptor
from registry_ui.oci.store import Cancellation
from tests.parts.bytes_readers import descriptor_of, read_all
from tests.parts.scripted_server import Reply

BLOB = bytes(range(256)) * 12_000  # 3 MB
PATH = "/v2/a/blobs/.*"
PIECE = Descriptor("x", Digest.of(BLOB), len(BLOB))


def ranged(call, **faults):
    """Return the answer of a registry that knows ranges."""
    start = int(call.headers.get("Range", "bytes=0-")[6:-1])
    if not start:
        return Reply(200, BLOB, **faults)
    return Reply(
        206, BLOB[start:], {"Content-Range": f"bytes {start}-{len(BLOB) - 1}/{len(BLOB)}"}, **faults
    )


def open_at(client_of, server, offset=0, **options):
    return client_of(server, **options).store("a").open_blob(PIECE, offset)


def test_whole_blob_and_from_an_offset(scripted, client_of):
    scripted.on("GET", PATH, ranged)
    assert read_all(open_at(client_of, scripted)) == BLOB
    assert read_all(open_at(client_of, scripted, 1_000_001)) == BLOB[1_000_001:]
    assert scripted.calls[-1].headers["Range"] == "bytes=1000001-"
    assert scripted.calls[-1].headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize("size", [1, 1000, 1 << 20, 1 << 23])
def test_any_buffer_size(scripted, client_of, size):
    scripted.on("GET", PATH, ranged)
    blob = BLOB if size > 1 else BLOB[:500]
    scripted.on("GET", PATH, Reply(body=blob))
    with client_of(scripted).store("a").open_blob(descriptor_of(blob)) as reader:
        assert read_all(reader, size) == blob


def test_empty_blob(scripted, client_of):
    scripted.on("GET", PATH, Reply())
    assert read_all(client_of(scripted).store("a").open_blob(descriptor_of(b""))) == b""


def test_offset_at_the_end_asks_nothing(scripted, client_of):
    assert read_all(open_at(client_of, scripted, len(BLOB))) == b""
    assert scripted.made("GET", PATH) == []


def test_connection_is_used_again_after_a_blob_is_read(scripted, client_of):
    scripted.on("GET", PATH, ranged)
    client = client_of(scripted)
    opened = []
    connect = client.transport._dialer.connect
    client.transport._dialer.connect = lambda *a, **k: opened.append(a) or connect(*a, **k)
    for _ in range(3):
        read_all(client.store("a").open_blob(PIECE))
    assert len(opened) == 1


def test_reset_in_the_middle_is_resumed_where_it_broke(scripted, client_of):
    scripted.on("GET", PATH, lambda call: ranged(call, cut=len(BLOB) // 2), ranged)
    assert read_all(open_at(client_of, scripted)) == BLOB
    first, second = scripted.made("GET", PATH)
    start = int(second.headers["Range"][6:-1])
    assert 0 < start <= len(BLOB) // 2


def test_short_body_is_resumed(scripted, client_of):
    scripted.on("GET", PATH, Reply(body=BLOB[:700_000], length=len(BLOB)), ranged)
    assert read_all(open_at(client_of, scripted)) == BLOB
    assert scripted.calls[-1].headers["Range"] == "bytes=700000-"


def test_resume_answered_with_the_whole_skips_what_is_known(scripted, client_of):
    scripted.on("GET", PATH, Reply(body=BLOB[:700_000], length=len(BLOB)), Reply(body=BLOB))
    assert read_all(open_at(client_of, scripted)) == BLOB


@pytest.mark.parametrize(
    "content_range",
    ["bytes 0-99/100", "bytes 700001-2999999/3072000", "bytes 700000-1/5", "", "nonsense"],
)
def test_wrong_content_range_is_not_believed(scripted, client_of, content_range):
    lie = Reply(206, BLOB[700_000:], {"Content-Range": content_range})
    scripted.on("GET", PATH, Reply(body=BLOB[:700_000], length=len(BLOB)), lie, Reply(body=BLOB))
    assert read_all(open_at(client_of, scripted)) == BLOB
    assert "Range" not in scripted.calls[-1].headers


def test_refused_range_starts_again_and_skips(scripted, client_of):
    scripted.on(
        "GET", PATH, Reply(body=BLOB[:700_000], length=len(BLOB)), Reply(416), Reply(body=BLOB)
    )
    assert read_all(open_at(client_of, scripted)) == BLOB


def test_expired_signed_url_is_replaced_by_asking_the_registry_again(
    internet, scripted, scripted_servers, client_of
):
    cdn = scripted_servers()
    internet.add("cdn.example", cdn, "93.184.216.35")
    urls = [
        Reply(307, headers={"Location": f"http://cdn.example/b?sig={number}"})
        for number in (1, 2, 3)
    ]
    scripted.on("GET", PATH, *urls)

    def content(call):
        if call.query["sig"] == ["1"]:
            return ranged(call, cut=1_000_000)
        return (
            Reply(403, b"<Error>Request has expired</Error>")
            if call.query["sig"] == ["2"]
            else ranged(call)
        )

    cdn.on("GET", "/b", content)
    assert read_all(open_at(client_of, scripted)) == BLOB
    assert [call.query["sig"] for call in cdn.calls] == [["1"], ["2"], ["3"]]


def test_resuming_has_an_end(scripted, client_of):
    scripted.on("GET", PATH, lambda call: ranged(call, cut=10))
    with pytest.raises(ConnectionFailed):
        read_all(open_at(client_of, scripted))
    assert len(scripted.made("GET", PATH)) == 5


def test_progress_resets_the_retries(scripted, client_of):
    scripted.on("GET", PATH, lambda call: ranged(call, cut=1 << 20))
    limits = Limits(connect=2, read=2, tries=2, first_pause=0.01)
    assert read_all(open_at(client_of, scripted, limits=limits)) == BLOB
    assert len(scripted.made("GET", PATH)) >= 3


def test_announced_size_must_be_the_promised_one(scripted, client_of):
    scripted.on("GET", PATH, Reply(body=BLOB + b"more"))
    with pytest.raises(ContentMismatch, match=f"^blob_length_differs .*length={len(BLOB) + 4} "):
        open_at(client_of, scripted)


def test_body_without_a_length_may_not_be_longer(scripted, client_of):
    scripted.on("GET", PATH, Reply(body=BLOB, chunked=True))
    assert read_all(open_at(client_of, scripted)) == BLOB
    scripted.on("GET", PATH, Reply(body=BLOB + b"x", chunked=True))
    with pytest.raises(ContentMismatch, match=r"^blob_too_long "):
        read_all(open_at(client_of, scripted))


def test_compressed_answer_is_refused(scripted, client_of):
    scripted.on("GET", PATH, Reply(body=BLOB, headers={"Content-Encoding": "gzip"}))
    with pytest.raises(ContentMismatch, match=r"^blob_compressed "):
        open_at(client_of, scripted)


def test_missing_blob(scripted, client_of):
    scripted.on("GET", PATH, Reply(404, b'{"errors":[{"code":"BLOB_UNKNOWN"}]}'))
    with pytest.raises(BlobUnknown):
        open_at(client_of, scripted)


def test_temporary_failure_of_the_registry_is_retried(scripted, client_of):
    scripted.on("GET", PATH, Reply(503), Reply(503), Reply(503), ranged)
    assert read_all(open_at(client_of, scripted)) == BLOB


def test_endless_failure_is_reported(scripted, client_of):
    scripted.on("GET", PATH, Reply(500))
    with pytest.raises(ServerFailed, match=r"^server_failed .*http_status=500"):
        open_at(client_of, scripted)
    assert len(scripted.made("GET", PATH)) == 5


def test_stall_ends_in_a_timeout_and_a_resume(scripted, client_of):
    def stalling(call):
        return (
            Reply(200, BLOB[:1000], length=len(BLOB), drip=0.0005)
            if not call.headers.get("Range")
            else ranged(call)
        )

    scripted.on("GET", PATH, stalling)
    assert read_all(open_at(client_of, scripted)) == BLOB


def test_dripping_body_is_given_up(scripted, client_of):
    scripted.on("GET", PATH, Reply(body=BLOB, drip=0.1))
    started = time.monotonic()
    with pytest.raises(ConnectionFailed, match=r"^blob_too_slow "):
        read_all(
            open_at(
                client_of,
                scripted,
                limits=Limits(read=30, tries=1, minimum_rate=1000, rate_window=0.5),
            )
        )
    assert time.monotonic() - started < 3


def test_slow_consumer_is_not_taken_for_a_slow_registry(scripted, client_of):
    scripted.on("GET", PATH, ranged)
    reader = open_at(
        client_of, scripted, limits=Limits(tries=1, minimum_rate=10_000_000, rate_window=0.3)
    )
    content = bytearray()
    buffer = memoryview(bytearray(1 << 20))
    with reader:
        while count := reader.readinto(buffer):
            content += buffer[:count]
            time.sleep(0.2)
    assert content == BLOB


def test_dripping_head_is_given_up(scripted, client_of):
    scripted.on("GET", PATH, Reply(body=BLOB, drip_head=0.2))
    started = time.monotonic()
    with pytest.raises(ConnectionFailed):
        open_at(client_of, scripted, limits=Limits(read=1, tries=1))
    assert time.monotonic() - started < 4


@pytest.mark.parametrize("phase", [{"stall": 20}, {"drip": 0.2}, {"drip_head": 0.2}])
def test_cancelling_wakes_a_blocked_read(scripted, client_of, phase):
    scripted.on("GET", PATH, Reply(body=BLOB, **phase))
    cancellation = Cancellation()
    client = client_of(scripted, cancellation=cancellation, limits=Limits())
    client.ping()
    threading.Timer(0.3, cancellation.request).start()
    started = time.monotonic()
    with pytest.raises(Cancelled):
        read_all(client.store("a").open_blob(PIECE))
    assert time.monotonic() - started < 4


def test_cancelling_ends_a_pause(scripted, client_of):
    scripted.on("GET", PATH, Reply(429, headers={"Retry-After": "60"}))
    cancellation = Cancellation()
    threading.Timer(0.3, cancellation.request).start()
    started = time.monotonic()
    with pytest.raises(Cancelled):
        open_at(client_of, scripted, cancellation=cancellation, limits=Limits())
    assert time.monotonic() - started < 4


def test_web_page_instead_of_a_blob(scripted, client_of):
    scripted.on("GET", PATH, Reply(418, b"<html>teapot", {"Content-Type": "text/html"}))
    with pytest.raises(ResponseError, match="http_status=418"):
        open_at(client_of, scripted)


def test_memory_stays_bounded(scripted, client_of):
    scripted.on("GET", PATH, ranged)
    reader = open_at(client_of, scripted)
    digest = hashlib.sha256()
    buffer = memoryview(bytearray(1 << 16))
    tracemalloc.start()
    with reader:
        while count := reader.readinto(buffer):
            digest.update(buffer[:count])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert digest.hexdigest() == PIECE.digest.hex
    assert peak < 1_000_000
