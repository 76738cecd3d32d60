from datetime import timedelta

import pytest
from django.utils import timezone

from registry_ui.catalog.listings.index_status import IndexStatus
from registry_ui.catalog.models import IndexRun
from registry_ui.jobs.models import State
from tests.parts.error_texts import stored_error
from tests.parts.index_rows import make_repository

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]

NOW = timezone.now()


@pytest.fixture
def make_status(make_registry):
    """Return a function that creates a run and returns its registry's status."""
    registry = make_registry()

    def make(state=State.RUNNING, *, repository=None, indexed_at=None, **columns):
        registry.indexed_at = indexed_at
        name = repository.name if repository else ""
        columns = {
            "started_at": None if state == State.QUEUED else NOW - timedelta(seconds=90),
            **columns,
        }
        IndexRun.objects.create(
            team=registry.team, registry=registry, repository=name, state=state, **columns
        )
        return IndexStatus.latest(registry, repository)

    make.registry = registry
    return make


def test_without_a_run_the_status_is_empty(make_registry):
    status = IndexStatus.latest(make_registry())

    assert (
        status.label,
        status.announcement_key,
        status.queue_problem,
        status.is_active,
        status.indexed_at,
        status.duration,
    ) == ("", "", "", False, None, None)


@pytest.mark.parametrize(
    ("phase", "label"),
    [
        ("", "Starting"),
        ("listing", "Reading the list of repositories"),
        ("indexing", "Looking at the tags"),
        ("counting", "Adding up sizes"),
        ("something new", "Starting"),
    ],
)
def test_a_running_run_shows_its_phase(make_status, phase, label):
    status = make_status(progress={"phase": phase})

    assert (status.label, status.is_active) == (label, True)


def test_a_run_that_is_being_cancelled_is_stopping(make_status):
    assert make_status(cancel_requested_at=NOW, progress={"phase": "indexing"}).label == "Stopping"


def test_a_queued_run_shows_why_it_does_not_start(make_status):
    status = make_status(State.QUEUED)

    assert status.label == "Waiting for a worker"
    assert "No worker is running" in status.queue_problem


def test_while_listing_the_total_is_unknown(make_status):
    bars = make_status(progress={"phase": "listing", "repositories": 12000}).bars

    assert [(bar.text, bar.total) for bar in bars] == [("12,000", None)]


def test_the_bars_are_of_repositories_and_tags(make_status):
    progress = {
        "phase": "indexing",
        "repositories": 5000,
        "repositories_done": 1204,
        "tags": 31200,
        "tags_done": 30111,
    }
    bars = make_status(progress=progress).bars

    assert [(bar.text, bar.done, bar.total) for bar in bars] == [
        ("1,204 of 5,000", 1204, 5000),
        ("30,111 of 31,200", 30111, 31200),
    ]


def test_a_repository_has_a_bar_of_its_tags_only(make_status):
    bars = make_status(
        repository=make_repository(make_status.registry, "team/app"),
        progress={"phase": "indexing", "tags": 0},
    ).bars

    assert [(bar.text, bar.total) for bar in bars] == [("counting", None)]


def test_a_pause_is_shown_only_while_the_run_is_active(make_status):
    pause = {"pause": {"seconds": 42, "reason": stored_error("Too many requests.")}}

    paused = make_status(progress=pause)
    assert (paused.pause_reason, paused.pause_seconds) == (
        "The engine build says: Too many requests.",
        42,
    )
    IndexRun.objects.all().delete()
    assert make_status(State.SUCCEEDED, progress=pause).pause_reason == ""


def test_skipped_tags_are_shown_with_advice(make_status):
    assert "31 tags were left for later" in make_status(progress={"skipped": 31}).skipped_message
    assert IndexStatus.latest(make_status.registry).skipped_message.endswith(
        "Opening a tag fetches it at once."
    )


def test_a_successful_run_shows_its_duration_and_person(make_status):
    ended = make_status(
        State.SUCCEEDED, indexed_at=NOW - timedelta(seconds=1), finished_at=NOW, requested_by="bob"
    )

    assert (ended.label, ended.duration, ended.latest_success.requested_by) == (
        "Up to date",
        timedelta(seconds=90),
        "bob",
    )


def test_the_success_of_another_run_has_no_duration(make_status):
    failed = make_status(State.FAILED, indexed_at=NOW - timedelta(days=1), finished_at=NOW)
    assert (failed.latest_success, failed.has_failed, failed.label) == (
        None,
        True,
        "The last look failed",
    )
    IndexRun.objects.all().delete()
    newer = make_status(State.SUCCEEDED, indexed_at=NOW + timedelta(hours=1), finished_at=NOW)
    assert newer.latest_success is None


def test_the_announcement_key_ignores_the_counters(make_status):
    keys = [
        make_status(progress={"phase": "indexing", "tags_done": done}).announcement_key.split(
            "-", 5
        )[5]
        for done in (1, 2)
    ]
    IndexRun.objects.all().delete()

    assert keys[0] == keys[1]
    assert make_status(progress={"phase": "counting"}).announcement_key.split("-", 5)[5] != keys[0]


def test_a_repository_has_its_own_runs(make_status):
    repository = make_repository(make_status.registry, "team/app", indexed_at=NOW)
    make_status(State.FAILED)

    own = IndexStatus.latest(make_status.registry, repository)

    assert (own.run, own.indexed_at, own.has_failed) == (None, NOW, False)
