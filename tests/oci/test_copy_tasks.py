"""The concurrent tasks of one copy: their order, their failures and their end."""

import threading

import pytest

from registry_ui.oci.copy_tasks import CopyTasks
from registry_ui.oci.errors import BlobUnknown, Cancelled
from registry_ui.oci.store import Cancellation
from registry_ui.oci.worker_pools import SMALL_BLOB, WorkerPools
from tests.parts.bytes_readers import descriptor_of


@pytest.fixture
def pools():
    opened = WorkerPools.create(metadata=2, large=1, small=1)
    yield opened
    opened.close()


def test_results_come_in_the_order_of_the_items(pools):
    second_is_done = threading.Event()

    def answer(number):
        if number == 1:
            assert second_is_done.wait(5)
        else:
            second_is_done.set()
        return number * 10

    assert CopyTasks(pools, Cancellation()).run_metadata(answer, [1, 2]) == [10, 20]


def test_each_blob_runs_in_the_pool_for_its_size(pools):
    blobs = [descriptor_of(b"small"), descriptor_of(bytes(SMALL_BLOB + 1))]

    names = CopyTasks(pools, Cancellation()).run_blobs(
        lambda _blob: threading.current_thread().name, blobs
    )

    assert [name.rpartition("_")[0] for name in names] == ["small-blob", "blob"]


def test_the_first_failure_is_raised_and_not_its_echo(pools):
    tasks = CopyTasks(pools, Cancellation())
    waits = threading.Event()

    def fail_or_wait(number):
        if number == 1:
            # In order before the failure, so that its echo would be found first.
            assert waits.wait(5)
            tasks.check()
        try:
            raise BlobUnknown("It is gone.")
        finally:
            threading.Timer(0.1, waits.set).start()

    with pytest.raises(BlobUnknown):
        tasks.run_metadata(fail_or_wait, [1, 2])
    with pytest.raises(Cancelled, match=r"^other_part_failed$"):
        tasks.check()


def test_a_failure_drops_what_has_not_begun(pools):
    started = []

    def fail(number):
        started.append(number)
        raise BlobUnknown("It is gone.")

    with pytest.raises(BlobUnknown):
        CopyTasks(pools, Cancellation()).run_blobs(
            fail, [descriptor_of(b"%d" % number) for number in range(50)]
        )
    assert len(started) < 50


def test_other_copies_in_the_same_pools_go_on(pools):
    failed, other = (CopyTasks(pools, Cancellation()) for _ in range(2))
    failed.stop()

    other.check()
    assert other.run_metadata(str, [1]) == ["1"]


def test_a_cancellation_is_a_better_reason_than_a_failure(pools):
    cancellation = Cancellation()
    tasks = CopyTasks(pools, cancellation)
    tasks.stop()
    cancellation.request()

    with pytest.raises(Cancelled, match=r"^cancelled$"):
        tasks.check()
