"""Old runs go, the latest stay, and a run that the reconciler ended counts."""

from datetime import timedelta

import pytest
from django.utils import timezone

from transfers.mirrors.exporting import latest_look
from transfers.mirrors.pruning import DETAILS_KEPT_FOR, KEPT_FOR, drop_old_runs, settle_ended
from transfers.models import ItemAction, ItemState, Mirror, MirrorItem, MirrorRun, State

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def ended(mirror, age, *, state=State.SUCCEEDED, **values) -> MirrorRun:
    run = MirrorRun.objects.create(
        mirror=mirror, team=mirror.team, state=state, finished_at=timezone.now() - age, **values
    )
    MirrorRun.objects.filter(pk=run.pk).update(created_at=timezone.now() - age)
    for action in (ItemAction.SAME, ItemAction.NEW):
        MirrorItem.objects.create(
            run=run, target_repository="a", tag=action, action=action, state=ItemState.DONE
        )
    return run


def test_old_runs_go_and_the_latest_stays(make_mirror):
    mirror = make_mirror("tests/app")
    ended(mirror, KEPT_FOR * 3)
    kept = [ended(mirror, KEPT_FOR * 2), ended(mirror, KEPT_FOR * 3, is_plan=True)]
    assert drop_old_runs() == 1
    assert set(MirrorRun.objects.all()) == set(kept)


def test_details_go_sooner_but_for_the_latest(make_mirror):
    mirror = make_mirror("tests/app")
    older, newer = ended(mirror, DETAILS_KEPT_FOR * 2), ended(mirror, DETAILS_KEPT_FOR * 1.5)
    drop_old_runs()
    assert list(older.items.values_list("action", flat=True)) == [ItemAction.NEW]
    assert newer.items.count() == 2


def test_what_a_rule_selects_is_still_known_when_its_later_runs_failed(make_mirror):
    mirror = make_mirror("tests/app")
    looked = ended(mirror, DETAILS_KEPT_FOR * 2)
    ended(mirror, timedelta(hours=1), state=State.FAILED)
    drop_old_runs()
    assert latest_look(mirror) == (looked, 2)


def test_run_that_the_reconciler_ended_is_its_mirrors_latest(make_mirror):
    mirror = make_mirror("tests/app")
    run = ended(mirror, timedelta(seconds=5), state=State.FAILED)
    assert settle_ended() == 1
    assert settle_ended() == 0
    mirror = Mirror.objects.get(pk=mirror.pk)
    assert (mirror.last_run, mirror.last_state) == (run, State.FAILED)


def test_what_an_archive_is_made_of_stays_whole_whatever_failed_since(make_mirror):
    mirror = make_mirror("tests/app")
    brought = ended(mirror, KEPT_FOR * 3, is_staging=True)
    failed = ended(mirror, KEPT_FOR * 2, is_staging=True, state=State.FAILED)
    latest = ended(mirror, timedelta(hours=2))
    drop_old_runs()
    assert set(MirrorRun.objects.all()) == {brought, failed, latest}
    assert brought.items.count() == 2


def test_what_was_brought_here_is_never_its_mirrors_latest_run(make_mirror):
    mirror = make_mirror("tests/app")
    ended(mirror, timedelta(seconds=5), state=State.FAILED, is_staging=True)
    assert settle_ended() == 0
    assert Mirror.objects.get(pk=mirror.pk).last_run is None
