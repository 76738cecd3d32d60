import threading

import pytest

from registry_ui.oci.errors import Cancelled, ConnectionFailed
from registry_ui.oci.store import Cancellation
from registry_ui.registries.indexing.lanes import Lanes


def test_answers_come_with_their_questions_and_errors():
    def fail():
        raise ConnectionFailed("It was cut.")

    with Lanes(Cancellation(), 2) as lanes:
        lanes.ask("one", lambda: 1)
        lanes.ask("two", fail)
        answers = {answer.question: answer for answer in lanes.collect(most=10, seconds=5)}

    assert answers["one"].result == 1
    assert isinstance(answers["two"].error, ConnectionFailed)
    assert lanes.open == 0


def test_a_batch_ends_when_it_is_full_or_nothing_is_open():
    with Lanes(Cancellation(), 2) as lanes:
        for number in range(5):
            lanes.ask(number, lambda: None)
        assert [len(lanes.collect(most=3, seconds=60)) for _round in range(3)] == [3, 2, 0]


def test_a_fault_of_ours_is_raised_where_answers_are_collected():
    with Lanes(Cancellation(), 1) as lanes:
        lanes.ask("one", lambda: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            lanes.collect(most=1, seconds=5)


def test_a_cancellation_ends_the_wait():
    cancellation, blocked = Cancellation(), threading.Event()
    cancellation.add_callback(blocked.set)
    with Lanes(cancellation, 1) as lanes:
        lanes.ask("one", blocked.wait)
        threading.Timer(0.1, cancellation.request).start()
        with pytest.raises(Cancelled):
            lanes.collect(most=2, seconds=60)


def test_a_failure_among_those_that_ask_frees_the_lanes():
    cancellation, blocked = Cancellation(), threading.Event()
    cancellation.add_callback(blocked.set)

    def ask():
        with Lanes(cancellation, 1) as lanes:
            lanes.ask("one", blocked.wait)
            lanes.ask("never begun", lambda: 1)
            raise ValueError

    with pytest.raises(ValueError):
        ask()
    assert blocked.is_set()
