"""Due mirrors are started once."""

import threading
import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.utils import timezone

from registry_ui.accounts.models import Action, AuditEvent
from transfers.mirrors.models import Mirror, MirrorPause, MirrorRun, Trigger
from transfers.mirrors.services import due_mirrors
from transfers.models import State

from ..rows import mirror_row, run_row

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]

BERLIN = ZoneInfo("Europe/Berlin")
LATER = datetime(2100, 1, 1, tzinfo=UTC)


def due(team, name="Nightly", *, ago=timedelta(seconds=1), **values):
    return mirror_row(team, name, next_run_at=timezone.now() - ago, **values)


def test_a_due_mirror_is_started_and_rescheduled(team):
    mirror = due(team)
    due_at = mirror.next_run_at

    assert due_mirrors.start_due_mirrors() == 1

    mirror.refresh_from_db()
    run = MirrorRun.objects.get()
    assert (run.trigger, run.due_at, run.requested_by, run.state) == (
        Trigger.SCHEDULE,
        due_at,
        "",
        State.QUEUED,
    )
    assert mirror.next_run_at > timezone.now()


def test_a_mirror_with_an_unknown_time_zone_does_not_stop_the_others(team, caplog):
    bad = due(team, "Bad", ago=timedelta(hours=1), schedule="30 2 * * *")
    Mirror.objects.filter(pk=bad.pk).update(time_zone="Mars/Olympus")
    good = due(team, "Good")

    assert due_mirrors.start_due_mirrors() == 1

    assert MirrorRun.objects.get().mirror == good
    assert str(bad.pk) in caplog.text


def test_a_mirror_that_is_not_due_waits(team):
    mirror_row(team)

    assert due_mirrors.start_due_mirrors() == 0


def test_a_mirror_missed_for_25_hours_runs_once(team):
    mirror = due(team, ago=timedelta(hours=25), schedule="0 * * * *")

    assert [due_mirrors.start_due_mirrors() for _number in range(3)] == [1, 0, 0]
    mirror.refresh_from_db()
    assert timezone.now() < mirror.next_run_at <= timezone.now() + timedelta(hours=1)


def test_a_mirror_with_an_active_run_waits_and_then_runs_once(team):
    mirror = due(team, ago=timedelta(hours=3), schedule="0 * * * *")
    before = run_row(mirror, state=State.RUNNING)

    assert due_mirrors.start_due_mirrors() == 0
    mirror.refresh_from_db()
    assert mirror.next_run_at < timezone.now()
    MirrorRun.objects.filter(pk=before.pk).update(state=State.SUCCEEDED)
    assert [due_mirrors.start_due_mirrors() for _number in range(2)] == [1, 0]


def test_a_plan_does_not_delay_a_run(team):
    run_row(due(team), state=State.RUNNING, is_plan=True)

    assert due_mirrors.start_due_mirrors() == 1


@pytest.mark.django_db(transaction=True)
def test_many_schedulers_start_each_mirror_once(team):
    for number in range(5):
        due(team, f"Mirror {number}")
    barrier = threading.Barrier(4)
    counts = []

    def scheduler():
        barrier.wait()
        counts.append(due_mirrors.start_due_mirrors())
        connection.close()

    threads = [threading.Thread(target=scheduler) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (sum(counts), MirrorRun.objects.count()) == (5, 5)


@pytest.mark.django_db(transaction=True)
def test_two_real_schedulers_start_each_due_time_once(team, manage):
    mirrors = [
        due(team, f"Mirror {number}", ago=timedelta(hours=25), schedule="0 * * * *")
        for number in range(6)
    ]
    schedulers = [manage.start("scheduler") for _number in range(2)]

    schedulers[0].wait_for(lambda: MirrorRun.objects.count() >= len(mirrors), seconds=60)
    # Both have the chance to do it again.
    MirrorRun.objects.update(state=State.SUCCEEDED, finished_at=timezone.now())
    again = timezone.now() - timedelta(seconds=1)
    Mirror.objects.update(next_run_at=again)
    schedulers[0].wait_for(
        lambda: MirrorRun.objects.filter(due_at=again).count() >= len(mirrors), seconds=60
    )
    time.sleep(6)

    assert MirrorRun.objects.count() == 2 * len(mirrors)
    for mirror in mirrors:
        assert mirror.runs.count() == 2


@pytest.mark.parametrize(
    "date", [datetime(2026, 3, 29, tzinfo=BERLIN), datetime(2026, 10, 25, tzinfo=BERLIN)]
)
@pytest.mark.parametrize("hour", [2, 3])
def test_a_night_with_a_clock_change_has_one_run(team, monkeypatch, date, hour):
    """Start due mirrors every ten minutes from midnight to six."""
    clock = date.astimezone(UTC)
    monkeypatch.setattr(timezone, "now", lambda: clock)
    mirror = mirror_row(team, schedule=f"30 {hour} * * *", time_zone="Europe/Berlin")
    mirror.next_run_at = due_mirrors.next_run(mirror, after=clock)
    mirror.save()
    while clock.astimezone(BERLIN).hour < 6:
        due_mirrors.start_due_mirrors()
        MirrorRun.objects.update(state=State.SUCCEEDED)
        clock += timedelta(minutes=10)

    assert MirrorRun.objects.count() == 1


# --- pauses


def test_a_paused_mirror_does_not_catch_up(team, bob):
    mirror = due(team)
    due_mirrors.pause_mirror(mirror, bob)

    assert due_mirrors.start_due_mirrors() == 0

    due_mirrors.resume_mirror(mirror, bob)
    assert due_mirrors.start_due_mirrors() == 0
    mirror.refresh_from_db()
    assert mirror.next_run_at > timezone.now()
    assert (
        AuditEvent.objects.filter(action__in=(Action.MIRROR_PAUSED, Action.MIRROR_RESUMED)).count()
        == 2
    )


@pytest.mark.parametrize("changed", [{"paused": True}, {"next_run_at": LATER}])
def test_a_mirror_paused_or_rescheduled_meanwhile_is_not_claimed(team, changed):
    """Change the mirror after the scheduler has read its row."""
    mirror = due(team)
    Mirror.objects.filter(pk=mirror.pk).update(**changed)

    assert not due_mirrors._start(mirror, timezone.now())
    assert not MirrorRun.objects.exists()


def test_a_paused_team_catches_up_once(team, other_team, bob):
    due(team)
    due(other_team, "Another team's")
    due_mirrors.pause_all(team, bob)
    due_mirrors.pause_all(team, bob)

    assert due_mirrors.start_due_mirrors() == 1
    assert MirrorRun.objects.get().team == other_team

    due_mirrors.resume_all(team, bob)
    assert due_mirrors.start_due_mirrors() == 1
    assert not MirrorPause.objects.exists()


def test_viewers_cannot_pause(team, victor):
    mirror = due(team)
    for act in (due_mirrors.pause_mirror, due_mirrors.resume_mirror):
        with pytest.raises(PermissionDenied):
            act(mirror, victor)
    for act in (due_mirrors.pause_all, due_mirrors.resume_all):
        with pytest.raises(PermissionDenied):
            act(team, victor)
