"""Retention of runs, and runs that the reconciler ended."""

from datetime import timedelta

import pytest
from django.utils import timezone

from transfers.mirrors.archive import latest_comparison
from transfers.mirrors.models import ItemAction, ItemState, Mirror, MirrorItem, MirrorRun
from transfers.mirrors.services.retention import (
    DETAIL_RETENTION,
    RUN_RETENTION,
    delete_old_mirror_runs,
    record_reconciled_runs,
)
from transfers.models import State

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def ended(mirror, age, *, state=State.SUCCEEDED, **values) -> MirrorRun:
    run = MirrorRun.objects.create(
        mirror=mirror, team=mirror.team, state=state, finished_at=timezone.now() - age, **values
    )
    MirrorRun.objects.filter(pk=run.pk).update(created_at=timezone.now() - age)
    for action in (ItemAction.UP_TO_DATE, ItemAction.NEW):
        MirrorItem.objects.create(
            run=run, target_repository="a", tag=action, action=action, state=ItemState.DONE
        )
    return run


def test_old_runs_are_deleted_except_the_latest(make_mirror):
    mirror = make_mirror("tests/app")
    ended(mirror, RUN_RETENTION * 3)
    remaining = [ended(mirror, RUN_RETENTION * 2), ended(mirror, RUN_RETENTION * 3, is_plan=True)]
    assert delete_old_mirror_runs() == 1
    assert set(MirrorRun.objects.all()) == set(remaining)


def test_details_are_deleted_earlier_except_the_latest(make_mirror):
    mirror = make_mirror("tests/app")
    older, newer = ended(mirror, DETAIL_RETENTION * 2), ended(mirror, DETAIL_RETENTION * 1.5)
    delete_old_mirror_runs()
    assert list(older.items.values_list("action", flat=True)) == [ItemAction.NEW]
    assert newer.items.count() == 2


def test_the_latest_comparison_survives_later_failures(make_mirror):
    mirror = make_mirror("tests/app")
    compared = ended(mirror, DETAIL_RETENTION * 2)
    ended(mirror, timedelta(hours=1), state=State.FAILED)
    delete_old_mirror_runs()
    assert latest_comparison(mirror) == (compared, 2)


def test_a_run_that_the_reconciler_ended_is_the_latest(make_mirror):
    mirror = make_mirror("tests/app")
    run = ended(mirror, timedelta(seconds=5), state=State.FAILED)
    assert record_reconciled_runs() == 1
    assert record_reconciled_runs() == 0
    mirror = Mirror.objects.get(pk=mirror.pk)
    assert (mirror.last_run, mirror.last_state) == (run, State.FAILED)


def test_the_run_of_an_archive_survives_later_failures(make_mirror):
    mirror = make_mirror("tests/app")
    pulled = ended(mirror, RUN_RETENTION * 3, is_local_pull=True)
    failed = ended(mirror, RUN_RETENTION * 2, is_local_pull=True, state=State.FAILED)
    latest = ended(mirror, timedelta(hours=2))
    delete_old_mirror_runs()
    assert set(MirrorRun.objects.all()) == {pulled, failed, latest}
    assert pulled.items.count() == 2


def test_a_pull_to_local_images_is_never_the_latest_run(make_mirror):
    mirror = make_mirror("tests/app")
    ended(mirror, timedelta(seconds=5), state=State.FAILED, is_local_pull=True)
    assert record_reconciled_runs() == 0
    assert Mirror.objects.get(pk=mirror.pk).last_run is None
