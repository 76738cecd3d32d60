import threading

import pytest

from registry_ui.catalog.indexing.request_pool import RequestPool
from registry_ui.oci.errors import Cancelled, ConnectionFailed
from registry_ui.oci.store import Cancellation


def test_answers_carry_their_requests_and_errors():
    def fail():
        raise ConnectionFailed("It was cut.")

    with RequestPool(Cancellation(), 2) as pool:
        pool.submit("one", lambda: 1)
        pool.submit("two", fail)
        answers = {answer.request: answer for answer in pool.collect(most=10, seconds=5)}

    assert answers["one"].result == 1
    assert isinstance(answers["two"].error, ConnectionFailed)
    assert pool.pending == 0


def test_a_batch_ends_when_it_is_full_or_nothing_is_pending():
    with RequestPool(Cancellation(), 2) as pool:
        for number in range(5):
            pool.submit(number, lambda: None)
        assert [len(pool.collect(most=3, seconds=60)) for _round in range(3)] == [3, 2, 0]


def test_a_bug_in_a_request_is_raised_where_answers_are_collected():
    with RequestPool(Cancellation(), 1) as pool:
        pool.submit("one", lambda: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            pool.collect(most=1, seconds=5)


def test_a_cancellation_ends_the_wait():
    cancellation, blocked = Cancellation(), threading.Event()
    cancellation.add_callback(blocked.set)
    with RequestPool(cancellation, 1) as pool:
        pool.submit("one", blocked.wait)
        threading.Timer(0.1, cancellation.request).start()
        with pytest.raises(Cancelled):
            pool.collect(most=2, seconds=60)


def test_a_failure_of_the_submitter_stops_the_threads():
    cancellation, blocked = Cancellation(), threading.Event()
    cancellation.add_callback(blocked.set)

    def submit():
        with RequestPool(cancellation, 1) as pool:
            pool.submit("one", blocked.wait)
            pool.submit("never started", lambda: 1)
            raise ValueError

    with pytest.raises(ValueError):
        submit()
    assert blocked.is_set()
