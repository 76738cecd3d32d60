import threading

import pytest

from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import RateLimited
from registry_ui.oci.manifest import OCI_LAYER_GZIP, Descriptor
from registry_ui.oci.progress import BlobState, Progress


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def layer(content: bytes) -> Descriptor:
    return Descriptor(OCI_LAYER_GZIP, Digest.of(content), len(content))


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def progress(clock):
    return Progress(clock)


def test_existing_blobs_count_neither_as_done_nor_as_total(progress):
    existing, moved = layer(b"a" * 10), layer(b"b" * 30)
    for blob in (existing, moved):
        progress.expect(blob, kind="layer")
    progress.mark(existing.digest, BlobState.EXISTS)
    progress.begin(moved.digest, 0)
    progress.advance(moved.digest, 12)

    assert progress.totals() == (12, 30)


def test_a_resumed_blob_starts_where_it_stopped(progress):
    blob = layer(b"c" * 100)
    progress.expect(blob, kind="layer")
    progress.begin(blob.digest, 60)
    progress.advance(blob.digest, 10)

    assert progress.totals() == (70, 100)
    assert progress.moved == 10


def test_a_blob_sent_again_goes_back_to_its_start(progress):
    blob = layer(b"d" * 100)
    progress.expect(blob, kind="layer")
    progress.begin(blob.digest, 0)
    progress.advance(blob.digest, 90)
    progress.begin(blob.digest, 0)

    assert progress.snapshot()["layers"][0]["offset"] == 0
    assert progress.moved == 90


def test_speed_and_time_left_come_from_the_last_seconds(progress, clock):
    blob = layer(b"e" * 1000)
    progress.expect(blob, kind="layer")
    progress.begin(blob.digest, 0)
    progress.snapshot()
    clock.now += 2
    progress.advance(blob.digest, 400)

    snapshot = progress.snapshot()

    assert snapshot["speed"] == 200
    assert snapshot["seconds_left"] == 4


def test_time_left_is_unknown_while_nothing_moves(progress, clock):
    progress.expect(layer(b"f" * 10), kind="layer")
    progress.snapshot()
    clock.now += 5

    assert progress.snapshot()["seconds_left"] is None


def test_a_pause_says_why_until_it_is_over(progress, clock):
    progress.enter("transferring")
    reason = RateLimited("rate_limited", host="registry.example.com")
    progress.pause(30, reason)
    assert (progress.snapshot()["phase"], progress.snapshot()["pause"]) == (
        "paused",
        reason.stored(),
    )

    clock.now += 31

    assert (progress.snapshot()["phase"], progress.snapshot()["pause"]) == ("transferring", None)


def test_unfinished_blobs_have_failed_and_the_rest_keeps_its_state(progress):
    moving, waiting = layer(b"g"), layer(b"h")
    for blob in (moving, waiting):
        progress.expect(blob, kind="layer")
    progress.begin(moving.digest, 0)

    progress.fail_unfinished()

    assert [blob["state"] for blob in progress.snapshot()["layers"]] == ["failed", "waiting"]


def test_active_blobs_are_shown_first_of_very_many(progress):
    blobs = [layer(str(number).encode()) for number in range(600)]
    for blob in blobs:
        progress.expect(blob, kind="layer")
    progress.begin(blobs[-1].digest, 0)

    snapshot = progress.snapshot()

    assert snapshot["layers"][0]["digest"] == str(blobs[-1].digest)
    assert (len(snapshot["layers"]), snapshot["layer_count"]) == (400, 600)


def test_counts_are_exact_with_many_threads(progress):
    blob = layer(b"i" * 100_000)
    progress.expect(blob, kind="layer")
    progress.begin(blob.digest, 0)
    threads = [
        threading.Thread(target=lambda: [progress.advance(blob.digest, 1) for _ in range(10_000)])
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert progress.moved == 80_000
