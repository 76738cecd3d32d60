"""The drift after runs of some tags only."""

import pytest

from transfers.mirrors.models import ItemState, MirrorItem, MirrorRun
from transfers.mirrors.services import retry_failed, run_in_process, run_plan, sync_items
from transfers.models import State

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def test_running_a_plan_updates_the_drift(registry, image_factory, make_mirror, plan_mirror):
    repository = registry.new_repository()
    for tag in ("1.0", "1.1"):
        image_factory(registry, repository=repository, tag=tag)
    mirror = make_mirror(repository)
    plan = plan_mirror(mirror)
    assert mirror.pairs.get().missing == 2

    run_in_process(run_plan(plan=plan, user=None, enqueue=False))

    pair = mirror.pairs.get()
    assert (pair.up_to_date, pair.missing, pair.is_in_sync) == (2, 0, True)


def test_a_single_copied_tag_is_merged_into_the_drift(
    registry, image_factory, make_mirror, plan_mirror
):
    repository = registry.new_repository()
    for tag in ("1.0", "1.1", "1.2"):
        image_factory(registry, repository=repository, tag=tag)
    mirror = make_mirror(repository)
    plan_mirror(mirror)

    for tag, same in (("1.0", 1), ("1.1", 2)):
        run_in_process(
            sync_items(
                mirror=mirror,
                user=None,
                limited_to=[{"repository": repository, "tag": tag}],
                enqueue=False,
            )
        )
        pair = mirror.pairs.get()
        assert (pair.up_to_date, pair.missing) == (same, 3 - same)


def test_a_retry_that_succeeds_clears_the_failure(registry, image_factory, make_mirror, run_mirror):
    repository = registry.new_repository()
    for tag in ("1.0", "1.1"):
        image_factory(registry, repository=repository, tag=tag)
    mirror = make_mirror(repository)
    run = run_mirror(mirror)
    # As if one tag had failed.
    MirrorItem.objects.filter(run=run, tag="1.1").update(state=ItemState.FAILED)
    MirrorRun.objects.filter(pk=run.pk).update(state=State.FAILED, totals={"failed": 1})
    mirror.pairs.update(failed=1, missing=1, up_to_date=1)

    run_in_process(retry_failed(run=MirrorRun.objects.get(pk=run.pk), user=None, enqueue=False))

    assert mirror.pairs.get().is_in_sync
