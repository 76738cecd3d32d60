"""The tasks of a copy, in threads of its own or in those that several copies share."""

import pytest

from registry_ui.oci.copy_session import CopySession
from registry_ui.oci.errors import Cancelled
from registry_ui.oci.store import Cancellation
from registry_ui.oci.worker_pools import WorkerPools


def test_a_session_without_pools_closes_those_that_it_opens():
    with CopySession(blob_workers=2).open_tasks() as tasks:
        pools = tasks.pools
        assert tasks.run_metadata(str, [1, 2]) == ["1", "2"]

    with pytest.raises(RuntimeError):
        pools.metadata.submit(str, 1)
    with pytest.raises(Cancelled):
        tasks.check()


def test_shared_pools_stay_open_for_the_next_copy():
    pools = WorkerPools.create(metadata=1, large=1)
    session = CopySession(pools=pools)
    try:
        with pytest.raises(ValueError, match="broken"), session.open_tasks():
            raise ValueError("broken")

        with session.open_tasks() as tasks:
            assert tasks.pools is pools
            assert tasks.run_metadata(str, [1]) == ["1"]
    finally:
        pools.close()


def test_a_cancelled_session_begins_nothing():
    cancellation = Cancellation()
    cancellation.request()

    with CopySession(cancellation=cancellation).open_tasks() as tasks, pytest.raises(Cancelled):
        tasks.check()


def test_each_session_has_a_progress_and_known_blobs_of_its_own():
    one, other = CopySession(), CopySession()

    assert one.progress is not other.progress
    assert one.presence is not other.presence
    assert one.cancellation is not other.cancellation
