import threading

import pytest

from registry_ui.oci.digest import Digest
from registry_ui.oci.manifest import OCI_LAYER_GZIP, Descriptor
from registry_ui.oci.worker_pools import SMALL_BLOB, WorkerPools


def blob(size):
    return Descriptor(OCI_LAYER_GZIP, Digest.of(b"x"), size)


@pytest.fixture
def pools_of():
    opened = []

    def make(**sizes):
        opened.append(WorkerPools.create(**sizes))
        return opened[-1]

    yield make
    for pools in opened:
        pools.close()


def test_small_blobs_have_threads_of_their_own(pools_of):
    pools = pools_of(metadata=1, large=1, small=1)

    assert pools.pool_for(blob(SMALL_BLOB)) is pools.small
    assert pools.pool_for(blob(SMALL_BLOB + 1)) is pools.large
    assert pools.small is not pools.large


def test_without_them_the_threads_for_large_blobs_take_all(pools_of):
    pools = pools_of(metadata=1, large=1)

    assert pools.pool_for(blob(0)) is pools.pool_for(blob(SMALL_BLOB + 1)) is pools.large


def test_closing_waits_for_the_running_task_and_drops_the_next(pools_of):
    pools = pools_of(metadata=1, large=1)
    begun, end, finished = threading.Event(), threading.Event(), threading.Event()

    def run():
        begun.set()
        end.wait(5)
        finished.set()

    pools.metadata.submit(run)
    waiting = pools.metadata.submit(finished.clear)
    assert begun.wait(5)
    threading.Timer(0.05, end.set).start()

    pools.close()

    assert finished.is_set()
    assert waiting.cancelled()
