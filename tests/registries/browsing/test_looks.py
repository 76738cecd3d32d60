from datetime import timedelta

import pytest
from django.utils import timezone

from registry_ui.jobs.models import State
from registry_ui.registries.browsing.looks import Look
from registry_ui.registries.models import IndexRun
from tests.parts.index_rows import make_repository

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]

NOW = timezone.now()


@pytest.fixture
def look(make_registry):
    """The look at a registry whose latest run has these columns."""
    registry = make_registry()

    def of(state=State.RUNNING, *, repository=None, indexed_at=None, **columns):
        registry.indexed_at = indexed_at
        name = repository.name if repository else ""
        columns = {
            "started_at": None if state == State.QUEUED else NOW - timedelta(seconds=90),
            **columns,
        }
        IndexRun.objects.create(
            team=registry.team, registry=registry, repository=name, state=state, **columns
        )
        return Look.latest(registry, repository)

    of.registry = registry
    return of


def test_without_a_run_there_is_nothing_to_say(make_registry):
    look = Look.latest(make_registry())

    assert (
        look.words,
        look.stamp,
        look.trouble,
        look.is_active,
        look.looked_at,
        look.duration,
    ) == ("", "", "", False, None, None)


@pytest.mark.parametrize(
    ("phase", "words"),
    [
        ("", "Starting"),
        ("listing", "Reading the list of repositories"),
        ("looking", "Looking at the tags"),
        ("counting", "Adding up sizes"),
        ("something new", "Starting"),
    ],
)
def test_a_run_says_what_it_does(look, phase, words):
    now = look(progress={"phase": phase})

    assert (now.words, now.is_active) == (words, True)


def test_a_run_that_is_to_stop_says_so(look):
    assert look(cancel_requested_at=NOW, progress={"phase": "looking"}).words == "Stopping"


def test_a_run_that_waits_says_why_nothing_starts(look):
    now = look(State.QUEUED)

    assert now.words == "Waiting for a worker"
    assert "No worker is running" in now.trouble


def test_while_the_list_is_read_nobody_knows_how_long_it_is(look):
    bars = look(progress={"phase": "listing", "repositories": 12000}).bars

    assert [(bar.words, bar.total) for bar in bars] == [("12,000", None)]


def test_the_bars_are_of_repositories_and_tags(look):
    progress = {
        "phase": "looking",
        "repositories": 5000,
        "repositories_done": 1204,
        "tags": 31200,
        "tags_done": 30111,
    }
    bars = look(progress=progress).bars

    assert [(bar.words, bar.done, bar.total) for bar in bars] == [
        ("1,204 of 5,000", 1204, 5000),
        ("30,111 of 31,200", 30111, 31200),
    ]


def test_of_one_repository_only_the_tags_are_counted(look):
    bars = look(
        repository=make_repository(look.registry, "team/app"),
        progress={"phase": "looking", "tags": 0},
    ).bars

    assert [(bar.words, bar.total) for bar in bars] == [("counting", None)]


def test_a_pause_is_told_only_while_it_lasts(look):
    pause = {"pause": {"seconds": 42, "reason": "Too many requests."}}

    paused = look(progress=pause)
    assert (paused.pause_reason, paused.pause_seconds) == ("Too many requests.", 42)
    IndexRun.objects.all().delete()
    assert look(State.SUCCEEDED, progress=pause).pause_reason == ""


def test_what_was_spared_is_said_with_what_to_do(look):
    assert "31 tags were left for later" in look(progress={"spared": 31}).spared_words
    assert Look.latest(look.registry).spared_words.endswith("Opening a tag fetches it at once.")


def test_a_look_that_ended_well_says_how_long_it_took_and_for_whom(look):
    ended = look(
        State.SUCCEEDED, indexed_at=NOW - timedelta(seconds=1), finished_at=NOW, requested_by="bob"
    )

    assert (ended.words, ended.duration, ended.by_run.requested_by) == (
        "Up to date",
        timedelta(seconds=90),
        "bob",
    )


def test_another_look_than_the_latest_brought_the_index_up_to_date(look):
    failed = look(State.FAILED, indexed_at=NOW - timedelta(days=1), finished_at=NOW)
    assert (failed.by_run, failed.has_failed, failed.words) == (None, True, "The last look failed")
    IndexRun.objects.all().delete()
    newer = look(State.SUCCEEDED, indexed_at=NOW + timedelta(hours=1), finished_at=NOW)
    assert newer.by_run is None


def test_the_stamp_changes_with_what_is_to_be_said_and_not_with_numbers(look):
    stamps = [
        look(progress={"phase": "looking", "tags_done": done}).stamp.split("-", 5)[5]
        for done in (1, 2)
    ]
    IndexRun.objects.all().delete()

    assert stamps[0] == stamps[1]
    assert look(progress={"phase": "counting"}).stamp.split("-", 5)[5] != stamps[0]


def test_a_repository_has_looks_of_its_own(look):
    repository = make_repository(look.registry, "team/app", indexed_at=NOW)
    look(State.FAILED)

    own = Look.latest(look.registry, repository)

    assert (own.run, own.looked_at, own.has_failed) == (None, NOW, False)
