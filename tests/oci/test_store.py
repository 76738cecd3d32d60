import threading
import time
from dataclasses import replace

import pytest

from registry_ui.oci.errors import Cancelled, ContentMismatch
from registry_ui.oci.store import Cancellation, read_blob
from tests.parts.bytes_readers import descriptor_of
from tests.parts.memory_store import MemoryStore
from tests.parts.scripted_server import Reply

CONFIG = b'{"os": "linux"}'


def test_flipped_bit_is_detected_by_a_verifying_reader(scripted, client_of):
    scripted.on("GET", "/v2/a/blobs/.*", Reply(body=b"c0nfig"))
    with pytest.raises(ContentMismatch):
        read_blob(client_of(scripted).store("a"), descriptor_of(b"config"), limit=100)


def test_a_small_blob_is_read_whole_in_any_steps():
    store = MemoryStore()
    descriptor = store.add_blob(CONFIG)

    assert read_blob(store, descriptor, limit=len(CONFIG)) == CONFIG
    assert read_blob(store, store.add_blob(b""), limit=0) == b""


@pytest.mark.parametrize("content", [CONFIG[:-1], CONFIG + b" ", CONFIG.upper()])
def test_other_content_than_promised_is_refused(content):
    store = MemoryStore()
    store.blobs[descriptor_of(CONFIG).digest] = content

    with pytest.raises(ContentMismatch, match=r"^blob_damaged digest="):
        read_blob(store, descriptor_of(CONFIG), limit=1000)


def test_a_blob_above_the_limit_is_not_opened():
    store = MemoryStore()
    descriptor = store.add_blob(CONFIG)

    with pytest.raises(ContentMismatch, match=r"^blob_too_large_to_read "):
        read_blob(store, descriptor, limit=len(CONFIG) - 1)
    assert store.calls == []


def test_inline_content_is_not_fetched():
    store = MemoryStore()

    assert read_blob(store, replace(descriptor_of(CONFIG), data=CONFIG), limit=0) == CONFIG
    assert store.calls == []


def test_a_request_calls_every_callback_once():
    cancellation, called = Cancellation(), []
    first, removed = (lambda: called.append("first")), (lambda: called.append("removed"))
    cancellation.add_callback(first)
    cancellation.add_callback(removed)
    cancellation.remove_callback(removed)
    cancellation.check()

    cancellation.request()
    cancellation.request()

    assert called == ["first"]
    assert cancellation.requested
    with pytest.raises(Cancelled):
        cancellation.check()


def test_a_callback_that_comes_too_late_is_called_at_once():
    cancellation, called = Cancellation(), []
    cancellation.request()

    cancellation.add_callback(lambda: called.append("late"))

    assert called == ["late"]


def test_a_request_ends_a_wait():
    cancellation = Cancellation()
    threading.Timer(0.05, cancellation.request).start()
    started = time.monotonic()

    with pytest.raises(Cancelled):
        cancellation.wait(30)

    assert time.monotonic() - started < 10
