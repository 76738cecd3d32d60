"""Uploads that are cut, refused, chunked, answered too late, or fed with the wrong bytes."""

import threading
import time

import pytest

from registry_ui.oci.connections import Limits
from registry_ui.oci.errors import (
    BlobUnknown,
    Cancelled,
    ConnectionFailed,
    ContentMismatch,
    Denied,
    RepositoryUnknown,
    ResponseError,
    ServerFailed,
    StorageError,
)
from registry_ui.oci.store import Cancellation
from tests.parts.bytes_readers import BytesReader, descriptor_of, source_of
from tests.parts.scripted_server import Reply

BLOB = bytes(range(256)) * 40_000  # 10 MB
WHOLE = descriptor_of(BLOB)
START = "/v2/a/blobs/uploads/"
HEAD = "/v2/a/blobs/sha256:.*"
MIB = 1024 * 1024


class Upload:
    """A registry's part in an upload, as far as a test does not script it otherwise."""

    def __init__(self, server):
        self.server = server
        self.content = bytearray()
        self.stored = {}
        server.on("POST", START, self.start)
        server.on("PATCH", "/v2/a/blobs/uploads/u.*", self.patch)
        server.on("PUT", "/v2/a/blobs/uploads/u.*", self.put)
        server.on("GET", "/v2/a/blobs/uploads/u.*", self.status)
        server.on("DELETE", "/v2/a/blobs/uploads/u.*", Reply(204))
        server.on("HEAD", HEAD, self.head)
        self.headers = {}
        self.states = 0

    def start(self, call):
        self.content.clear()
        return Reply(202, headers={"Location": self.location(), **self.headers})

    def location(self):
        self.states += 1
        return f"/v2/a/blobs/uploads/u1?_state={self.states}%2F%3D"

    def patch(self, call):
        start, _, end = call.headers["Content-Range"].partition("-")
        if int(start) != len(self.content) or int(end) - int(start) + 1 != len(call.body):
            return Reply(416, headers={"Range": f"0-{len(self.content) - 1}"})
        self.content += call.body
        return Reply(
            202, headers={"Location": self.location(), "Range": f"0-{len(self.content) - 1}"}
        )

    def put(self, call):
        self.content += call.body
        self.stored[call.query["digest"][0]] = bytes(self.content)
        return Reply(201)

    def status(self, call):
        return Reply(
            204,
            headers={"Location": self.location(), "Range": f"0-{max(len(self.content) - 1, 0)}"},
        )

    def head(self, call):
        blob = self.stored.get(call.path.rpartition("/")[2])
        return Reply(404) if blob is None else Reply(200, length=len(blob))


@pytest.fixture
def upload(scripted):
    return Upload(scripted)


def send(client_of, upload, blob=BLOB, source=None, **options):
    client_of(upload.server, **options).store("a").write_blob(
        descriptor_of(blob), source or source_of(blob)
    )


def test_whole_at_once_with_the_query_of_the_location_untouched(upload, client_of):
    send(client_of, upload)
    (put,) = upload.server.made("PUT")
    assert put.query == {"_state": ["1/="], "digest": [str(WHOLE.digest)]}
    assert put.headers["Content-Length"] == str(len(BLOB))
    assert "Transfer-Encoding" not in put.headers
    assert put.body == BLOB
    assert upload.server.made("PATCH") == []


def test_empty_blob(upload, client_of):
    send(client_of, upload, b"")
    (put,) = upload.server.made("PUT")
    assert put.headers["Content-Length"] == "0"
    assert "Transfer-Encoding" not in put.headers


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_any_success_will_do(upload, client_of, status):
    upload.server.on("PUT", "/v2/a/blobs/uploads/u1", Reply(status))
    send(client_of, upload)


def source_that(change):
    return lambda offset: BytesReader(change(BLOB)[offset:])


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda blob: blob[:-1], "source_blob_too_short"),
        (lambda blob: blob + b"x", "source_blob_too_long"),
        (lambda blob: blob[:5000] + b"!" + blob[5001:], "source_blob_damaged"),
        (lambda blob: blob[:-1] + b"!", "source_blob_damaged"),
    ],
)
@pytest.mark.parametrize("chunked", [False, True])
def test_wrong_bytes_are_never_completed(upload, client_of, change, code, chunked):
    upload.headers = {"OCI-Chunk-Min-Length": str(MIB)} if chunked else {}
    with pytest.raises(ContentMismatch, match=f"^{code} digest={WHOLE.digest}"):
        send(client_of, upload, source=source_that(change))
    time.sleep(0.1)
    assert upload.stored == {} or all(len(blob) < len(BLOB) for blob in upload.stored.values())
    assert all(len(call.body) < len(BLOB) for call in upload.server.made("PUT"))
    if chunked:
        assert upload.server.made("PUT") == []
    assert len(upload.server.made("DELETE")) == 1
    assert len(upload.server.made("POST")) == 1, "a damaged source is not tried again"


def test_reset_in_the_middle_starts_anew_with_a_fresh_source(upload, client_of):
    upload.server.on("PUT", "/v2/a/blobs/uploads/u1", Reply(reset=True, unread=True), upload.put)
    opened = []

    def source(offset):
        opened.append(offset)
        return BytesReader(BLOB[offset:])

    send(client_of, upload, source=source)
    assert opened == [0, 0]
    assert upload.stored[str(WHOLE.digest)] == BLOB


def test_source_is_closed_however_it_ends(upload, client_of):
    reader = BytesReader(BLOB[:-1])
    with pytest.raises(ContentMismatch):
        send(client_of, upload, source=lambda offset: reader)
    assert reader.is_closed


def test_lost_answer_is_confirmed_and_nothing_is_sent_again(upload, client_of):
    def committed_but_silent(call):
        upload.put(call)
        return Reply(reset=True)

    upload.server.on("PUT", "/v2/a/blobs/uploads/u1", committed_but_silent)
    send(client_of, upload)
    assert len(upload.server.made("PUT")) == 1
    assert len(upload.server.made("HEAD")) == 1


def test_lost_session_is_begun_anew(upload, client_of):
    gone = Reply(404, b'{"errors":[{"code":"BLOB_UPLOAD_UNKNOWN"}]}')
    upload.server.on("PUT", "/v2/a/blobs/uploads/u1", gone, upload.put)
    send(client_of, upload)
    assert len(upload.server.made("POST")) == 2


def test_temporary_failure_is_retried(upload, client_of):
    upload.server.on("PUT", "/v2/a/blobs/uploads/u1", Reply(503), Reply(502), upload.put)
    upload.server.on("POST", START, Reply(500), upload.start)
    send(client_of, upload)
    assert upload.stored[str(WHOLE.digest)] == BLOB


def test_endless_failure_is_bounded(upload, client_of):
    upload.server.on("PUT", "/v2/a/blobs/uploads/u1", Reply(500))
    with pytest.raises(ServerFailed):
        send(client_of, upload)
    assert len(upload.server.made("PUT")) == 5


def test_refusal_is_not_tried_again(upload, client_of):
    upload.server.on(
        "PUT",
        "/v2/a/blobs/uploads/u1",
        Reply(403, b'{"errors":[{"code":"DENIED","message":"quota exceeded"}]}'),
    )
    with pytest.raises(Denied, match=r"^quota_used_up .*quote=quota exceeded"):
        send(client_of, upload)
    assert len(upload.server.made("PUT")) == 1


def test_source_that_fails_is_reported_as_it_is(upload, client_of):
    def source(offset):
        raise BlobUnknown("source_lacks_it")

    with pytest.raises(BlobUnknown, match=r"^source_lacks_it$"):
        send(client_of, upload, source=source)
    assert len(upload.server.made("POST")) == 1


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (OSError(5, "Input/output error"), StorageError),
        (ConnectionFailed("gone"), ConnectionFailed),
    ],
)
def test_source_that_breaks_in_the_middle(upload, client_of, fault, kind):
    class Breaking(BytesReader):
        def readinto(self, buffer, /):
            if len(self._rest) < 5_000_000:
                raise fault
            return super().readinto(buffer)

    with pytest.raises(kind):
        send(client_of, upload, source=lambda offset: Breaking(BLOB))
    assert len(upload.server.made("POST")) == 1
    assert upload.stored == {} or BLOB not in upload.stored.values()


# --- chunks


def test_registry_that_names_a_least_chunk_gets_chunks(upload, client_of):
    upload.headers = {"OCI-Chunk-Min-Length": str(6 * MIB)}
    send(client_of, upload)
    assert [len(call.body) for call in upload.server.made("PATCH")] == [
        6 * MIB,
        len(BLOB) - 6 * MIB,
    ]
    assert [call.query["_state"] for call in upload.server.made("PATCH")] == [["1/="], ["2/="]], (
        "the latest Location is used"
    )
    assert upload.stored[str(WHOLE.digest)] == BLOB


def test_registry_that_refuses_the_whole_gets_chunks_from_then_on(upload, client_of):
    def limited(call):
        return Reply(413) if len(call.body) > 5 * MIB else upload.put(call)

    upload.server.on("PUT", "/v2/a/blobs/uploads/u1", limited)
    store = client_of(upload.server).store("a")
    for blob in (BLOB, BLOB + b"more"):
        store.write_blob(descriptor_of(blob), source_of(blob))
    assert [len(call.body) for call in upload.server.made("PUT")] == [len(BLOB), 0, 0]
    assert {len(call.body) for call in upload.server.made("PATCH")} <= {
        4 * MIB,
        len(BLOB) - 8 * MIB,
        len(BLOB) - 8 * MIB + 4,
    }
    assert upload.stored[str(WHOLE.digest)] == BLOB


def test_registry_that_refuses_chunks_too(upload, client_of):
    upload.server.on("PUT", "/v2/a/blobs/uploads/u1", Reply(413))
    upload.server.on("PATCH", "/v2/a/blobs/uploads/u1", Reply(413))
    with pytest.raises(ResponseError) as caught:
        send(client_of, upload)
    assert caught.value.code == "request_too_large"


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_stale_range_after_a_chunk_is_no_failure(upload, client_of, status):
    upload.headers = {"OCI-Chunk-Min-Length": "1"}

    def stale(call):
        upload.patch(call)
        return Reply(status, headers={"Range": "0-0"})

    upload.server.on("PATCH", "/v2/a/blobs/uploads/u1", stale)
    send(client_of, upload)
    assert upload.stored[str(WHOLE.digest)] == BLOB
    assert len(upload.server.made("PATCH")) == 3


def test_chunk_whose_answer_was_lost_is_not_sent_twice(upload, client_of):
    upload.headers = {"OCI-Chunk-Min-Length": "1"}

    def silent(call):
        upload.patch(call)
        return Reply(reset=True)

    upload.server.on("PATCH", "/v2/a/blobs/uploads/u1", upload.patch, silent, upload.patch)
    send(client_of, upload)
    assert upload.stored[str(WHOLE.digest)] == BLOB
    assert len(upload.server.made("PATCH")) == 3
    assert len(upload.server.made("POST")) == 1


def test_chunk_taken_in_part_is_continued(upload, client_of):
    upload.headers = {"OCI-Chunk-Min-Length": "1"}

    def half(call):
        upload.content += call.body[: len(call.body) // 2]
        return Reply(416, headers={"Range": f"0-{len(upload.content) - 1}"})

    upload.server.on("PATCH", "/v2/a/blobs/uploads/u1", upload.patch, half, upload.patch)
    send(client_of, upload)
    assert upload.stored[str(WHOLE.digest)] == BLOB
    assert [call.headers["Content-Range"] for call in upload.server.made("PATCH")][1:3] == [
        "4194304-8388607",
        "6291456-8388607",
    ]
    assert len(upload.server.made("POST")) == 1


def test_session_that_forgot_everything_is_begun_anew(upload, client_of):
    upload.headers = {"OCI-Chunk-Min-Length": "1"}

    def forget(call):
        upload.content.clear()
        return Reply(416)

    upload.server.on("PATCH", "/v2/a/blobs/uploads/u1", upload.patch, forget, upload.patch)
    send(client_of, upload)
    assert upload.stored[str(WHOLE.digest)] == BLOB
    assert len(upload.server.made("POST")) == 2


# --- mounts


def test_mount_that_works(upload, client_of):
    upload.server.on("POST", START, Reply(201))
    assert client_of(upload.server).store("a").mount_blob(WHOLE, "other/b") is True
    assert upload.server.made("POST")[0].query == {
        "mount": [str(WHOLE.digest)],
        "from": ["other/b"],
    }


def test_mount_that_becomes_an_upload_is_used_for_it(upload, client_of):
    store = client_of(upload.server).store("a")
    assert store.mount_blob(WHOLE, "other/b") is False
    store.write_blob(WHOLE, source_of(BLOB))
    assert len(upload.server.made("POST")) == 1
    assert upload.stored[str(WHOLE.digest)] == BLOB


def test_second_mount_cancels_the_first_upload(upload, client_of):
    store = client_of(upload.server).store("a")
    store.mount_blob(WHOLE, "other/b")
    store.mount_blob(WHOLE, "other/c")
    assert len(upload.server.made("DELETE")) == 1


@pytest.mark.parametrize(
    "reply", [Reply(401), Reply(403), Reply(404), Reply(405), Reply(500), Reply(reset=True)]
)
def test_mount_that_fails_is_no_error(upload, client_of, reply):
    upload.server.on("POST", START, reply, upload.start)
    store = client_of(upload.server).store("a")
    assert store.mount_blob(WHOLE, "other/b") is False
    assert len(upload.server.made("POST")) == 1
    store.write_blob(WHOLE, source_of(BLOB))
    assert upload.stored[str(WHOLE.digest)] == BLOB


def test_mount_from_itself_asks_nothing(upload, client_of):
    assert client_of(upload.server).store("a").mount_blob(WHOLE, "a") is False
    assert upload.server.calls == []


# --- rights, cancellation, stalls


def test_missing_namespace(upload, client_of):
    upload.server.on(
        "POST",
        START,
        Reply(404, b'{"errors":[{"code":"NAME_UNKNOWN","message":"project tests not found"}]}'),
    )
    with pytest.raises(RepositoryUnknown) as caught:
        client_of(upload.server).check_access("a", "pull,push")
    assert caught.value.code == "repository_unknown_for_push"
    assert caught.value.parameters["quote"] == "project tests not found"


def test_check_for_push_leaves_nothing_behind(upload, client_of):
    client_of(upload.server).check_access("a", "pull,push")
    assert len(upload.server.made("POST")) == len(upload.server.made("DELETE")) == 1


def test_cancelling_wakes_a_blocked_upload(upload, client_of):
    upload.server.on("PUT", "/v2/a/blobs/uploads/u1", Reply(201, stall=20))
    cancellation = Cancellation()
    threading.Timer(0.4, cancellation.request).start()
    started = time.monotonic()
    with pytest.raises(Cancelled):
        send(client_of, upload, cancellation=cancellation, limits=Limits())
    assert time.monotonic() - started < 4


def test_registry_that_stops_reading_ends_in_a_timeout(upload, client_of):
    upload.server.on("PUT", "/v2/a/blobs/uploads/u1", Reply(201, stall=20, unread=True))
    large = bytes(40_000_000)
    started = time.monotonic()
    with pytest.raises(ConnectionFailed):
        send(client_of, upload, large, limits=Limits(read=0.5, answer=0.5, tries=1))
    assert time.monotonic() - started < 5


def test_upload_without_a_location(upload, client_of):
    upload.server.on("POST", START, Reply(202))
    with pytest.raises(ResponseError, match=r"^upload_without_location host="):
        send(client_of, upload)


def test_eight_threads_at_once(upload, client_of):
    """Each thread has a session of its own, in a registry that keeps them apart."""
    sessions = iter(range(100))
    upload.server.on(
        "POST",
        START,
        lambda call: Reply(202, headers={"Location": f"/v2/a/blobs/uploads/s{next(sessions)}"}),
    )
    stored = {}
    upload.server.on(
        "PUT",
        "/v2/a/blobs/uploads/s.*",
        lambda call: stored.update({call.query["digest"][0]: call.body}) or Reply(201),
    )
    store = client_of(upload.server).store("a")
    blobs = [bytes([number]) * 300_000 for number in range(8)]
    threads = [
        threading.Thread(target=store.write_blob, args=(descriptor_of(blob), source_of(blob)))
        for blob in blobs
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert stored == {str(descriptor_of(blob).digest): blob for blob in blobs}
