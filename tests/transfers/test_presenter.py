from datetime import timedelta

import pytest
from django.utils import timezone

from transfers.models import Kind, State, Transfer
from transfers.presenter import TransferPresenter

from .rows import MIB, PYTHON, layer


def present(state=State.RUNNING, *, kind=Kind.PULL, progress=None, **values):
    return TransferPresenter(
        Transfer(
            kind=kind,
            state=state,
            source=PYTHON,
            target=PYTHON,
            target_is_local=True,
            progress=progress or {},
            **values,
        )
    )


@pytest.mark.parametrize(
    ("done", "total", "percent"),
    [(0, None, None), (0, 0, None), (0, 10, 0), (5, 10, 50), (10, 10, 100), (12, 10, 100)],
)
def test_the_percentage_is_of_what_has_to_move(done, total, percent):
    assert present(bytes_done=done, bytes_total=total).progress.percent == percent


def test_a_succeeded_transfer_is_complete_without_bytes():
    assert present(State.SUCCEEDED, bytes_total=0).progress.percent == 100


def test_the_speed_is_of_now_while_it_runs_and_of_all_of_it_afterwards():
    now = timezone.now()
    progress = {"speed": 9}
    assert present(progress=progress).progress.speed == 9
    ended = present(
        State.SUCCEEDED,
        progress=progress,
        bytes_done=100,
        started_at=now - timedelta(seconds=10),
        finished_at=now,
    )
    assert ended.progress.speed == 10


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(None, ""), (1, "1 s"), (9, "9 s"), (12, "12\xa0s"), (75, "1\xa0min\xa015\xa0s")],
)
def test_the_time_left_is_in_whole_seconds(seconds, expected):
    assert present(progress={"seconds_left": seconds}).time_left == expected


def test_no_time_left_is_promised_during_a_pause():
    assert present(progress={"phase": "paused", "seconds_left": 3}).time_left == ""


@pytest.mark.parametrize(
    ("state", "phase", "expected"),
    [
        (State.QUEUED, "", "Waiting for a worker"),
        (State.RUNNING, "", "Starting"),
        (State.RUNNING, "resolving", "Reading the manifest"),
        (State.RUNNING, "transferring", "Pulling layers"),
        (State.RUNNING, "finishing", "Writing the manifest"),
        (State.RUNNING, "paused", "Paused"),
        (State.SUCCEEDED, "finishing", ""),
    ],
)
def test_each_phase_has_its_label(state, phase, expected):
    assert present(state, progress={"phase": phase}).activity == expected


def test_existing_blobs_are_counted_with_mounted_ones():
    layers = [
        layer(1, "exists", size=MIB),
        layer(2, "mounted", size=2 * MIB),
        layer(3, "done", size=4 * MIB),
    ]
    presenter = present(progress={"layers": layers, "layer_count": 5})
    assert (
        presenter.progress.reused_size,
        presenter.progress.image_size,
        presenter.progress.hidden_layer_count,
    ) == (3 * MIB, 7 * MIB, 2)


def test_steps_are_foreseen_before_a_worker_begins():
    assert [step.name for step in present(State.QUEUED, kind=Kind.PUBLISH).steps] == [
        "login",
        "tag",
        "push",
    ]
    assert [step.name for step in present(State.QUEUED, kind=Kind.PUSH).steps] == [
        "login",
        "push",
    ]
    assert [step.name for step in present(State.QUEUED, kind=Kind.COPY).steps] == [
        "source",
        "target",
        "copy",
    ]
    assert [step.name for step in present(State.QUEUED, kind=Kind.DELETE).steps] == [
        "check",
        "delete",
    ]
    assert present(State.QUEUED).steps == []


def test_the_tab_names_the_state_or_how_far_it_is():
    assert present(bytes_done=1, bytes_total=4).headline == "25 % · Pull python:3.12-slim"
    assert (
        present(State.FAILED, bytes_done=1, bytes_total=4).headline
        == "Failed · Pull python:3.12-slim"
    )


# --- the badge

NOON = timezone.now().replace(hour=12, minute=0, second=0)


def test_a_running_one_in_a_pause_waits_until_it_is_over():
    presenter = present(progress={"phase": "paused", "pause_seconds": 120}, heartbeat_at=NOON)
    assert (presenter.badge_state, presenter.label) == ("paused", "Waits until 12:02")
    assert presenter.progress.resumes_at == NOON + timedelta(minutes=2)


def test_a_pause_over_midnight_names_the_day():
    presenter = present(
        progress={"phase": "paused", "pause_seconds": 86_400 * 3}, heartbeat_at=NOON
    )
    assert presenter.label == f"Waits until {NOON + timedelta(days=3):%-d %b} 12:00"


def test_a_pause_of_unknown_length_is_shown():
    assert present(progress={"phase": "paused"}).label == "Paused"


def test_a_cancelled_transfer_does_not_wait():
    presenter = present(
        progress={"phase": "paused", "pause_seconds": 120}, cancel_requested_at=NOON
    )
    assert (presenter.badge_state, presenter.label) == ("running", "Stopping")


@pytest.mark.parametrize("state", [State.QUEUED, State.SUCCEEDED, State.FAILED, State.CANCELLED])
def test_what_does_not_run_has_its_state_on_the_badge(state):
    presenter = present(state, progress={"phase": "paused", "pause_seconds": 120})
    assert (presenter.badge_state, presenter.label) == (state, state.label)


# --- copies and deletions


@pytest.mark.parametrize(
    ("kind", "phase", "expected"),
    [
        (Kind.COPY, "transferring", "Copying layers"),
        (Kind.PUSH, "transferring", "Pushing layers"),
        (Kind.DELETE, "deleting", "Deleting"),
    ],
)
def test_each_kind_has_its_verb(kind, phase, expected):
    assert present(kind=kind, progress={"phase": phase}).activity == expected
    assert present(kind=kind).verb == Kind(kind).label


def test_a_copy_has_two_logins_and_a_local_tag_none():
    copy = present(kind=Kind.COPY)
    copy.transfer.target_is_local = False
    copy.transfer.needs_target_credential = True
    assert [(login.title, login.text) for login in copy.logins] == [
        ("Login at the source", "anonymous"),
        ("Login at the target", "a credential that was removed since"),
    ]
    tag = present(kind=Kind.TAG)
    tag.transfer.source_is_local = True
    assert tag.logins == []
    assert len(present().logins) == 1


def test_a_deletion_is_worth_a_retry_only_if_it_failed_and_nothing_changed():
    assert present(
        State.FAILED, kind=Kind.DELETE, error={"kind": "ServerFailed"}
    ).transfer.is_retryable
    assert not present(
        State.FAILED, kind=Kind.DELETE, error={"kind": "TagChanged"}
    ).transfer.is_retryable
    assert not present(State.CANCELLED, kind=Kind.DELETE).transfer.is_retryable
    assert present(State.CANCELLED, kind=Kind.COPY).transfer.is_retryable
