from datetime import timedelta

import pytest
from django.utils import timezone

from transfers.models import Kind, State, Transfer
from transfers.situation import Situation, position_words

from .rows import MIB, PYTHON, layer


def situation(state=State.RUNNING, *, kind=Kind.PULL, progress=None, **values):
    return Situation(
        Transfer(kind=kind, state=state, source=PYTHON, target=PYTHON, target_is_local=True, progress=progress or {}, **values)
    )


@pytest.mark.parametrize(
    ("done", "total", "percent"), [(0, None, None), (0, 0, None), (0, 10, 0), (5, 10, 50), (10, 10, 100), (12, 10, 100)]
)
def test_the_percentage_is_of_what_has_to_move(done, total, percent):
    assert situation(bytes_done=done, bytes_total=total).percent == percent


def test_what_succeeded_is_whole_even_if_nothing_moved():
    assert situation(State.SUCCEEDED, bytes_total=0).percent == 100


def test_the_speed_is_of_now_while_it_runs_and_of_all_of_it_afterwards():
    now = timezone.now()
    progress = {"speed": 9}
    assert situation(progress=progress).speed == 9
    ended = situation(State.SUCCEEDED, progress=progress, bytes_done=100, started_at=now - timedelta(seconds=10), finished_at=now)
    assert ended.speed == 10


@pytest.mark.parametrize(("seconds", "words"), [(None, ""), (1, "1 s"), (9, "9 s"), (12, "12\xa0s"), (75, "1\xa0min\xa015\xa0s")])
def test_the_time_left_is_in_whole_seconds(seconds, words):
    assert situation(progress={"seconds_left": seconds}).time_left == words


def test_no_time_left_is_promised_during_a_pause():
    assert situation(progress={"phase": "paused", "seconds_left": 3}).time_left == ""


@pytest.mark.parametrize(
    ("state", "phase", "words"),
    [
        (State.QUEUED, "", "Waiting for a worker"),
        (State.RUNNING, "", "Starting"),
        (State.RUNNING, "resolving", "Reading the manifest"),
        (State.RUNNING, "moving", "Pulling layers"),
        (State.RUNNING, "finishing", "Writing the manifest"),
        (State.RUNNING, "paused", "Paused"),
        (State.SUCCEEDED, "finishing", ""),
    ],
)
def test_each_phase_has_its_words(state, phase, words):
    assert situation(state, progress={"phase": phase}).words == words


def test_what_was_there_already_is_counted_with_what_was_mounted():
    layers = [layer(1, "exists", size=MIB), layer(2, "mounted", size=2 * MIB), layer(3, "done", size=4 * MIB)]
    now = situation(progress={"layers": layers, "layer_count": 5})
    assert (now.reused, now.image_size, now.layers_hidden) == (3 * MIB, 7 * MIB, 2)


def test_steps_are_foreseen_before_a_worker_begins():
    assert [step.name for step in situation(State.QUEUED, kind=Kind.PUBLISH).steps] == ["login", "tag", "push"]
    assert [step.name for step in situation(State.QUEUED, kind=Kind.PUSH).steps] == ["login", "push"]
    assert situation(State.QUEUED).steps == []


@pytest.mark.parametrize(
    ("running", "ahead", "words"),
    [
        (0, 0, "It is the next one."),
        (1, 0, "1 transfer runs; this one is next."),
        (0, 1, "1 waits before this one."),
        (2, 3, "2 transfers run, 3 wait before this one."),
    ],
)
def test_the_place_in_the_queue_is_told_in_as_few_words_as_it_needs(running, ahead, words):
    assert position_words(running=running, ahead=ahead) == words


def test_the_tab_names_the_state_or_how_far_it_is():
    assert situation(bytes_done=1, bytes_total=4).headline == "25 % · Pull python:3.12-slim"
    assert situation(State.FAILED, bytes_done=1, bytes_total=4).headline == "Failed · Pull python:3.12-slim"
