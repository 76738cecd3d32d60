import uuid

import pytest

from registry_ui.oci.errors import Cancelled
from tests.transfers.mirrors.outcomes import outcome
from tests.transfers.mirrors.rows import item_row, mirror_row
from transfers.mirrors.models import ItemAction, ItemState, KnownBlob, MirrorItem, MirrorRun
from transfers.mirrors.run.item_store import ItemStore

NAME = "library/nginx"

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def test_a_retry_copies_only_failed_tags(
    own_registry, second_registry, image_factory, make_mirror, run_mirror
):
    from transfers.mirrors.services import retry_failed, run_in_process

    repository = own_registry.new_repository()
    image_factory(own_registry, repository, "1.0")
    bad = image_factory(own_registry, repository, "bad")
    restore_blob = own_registry.corrupt_blob(bad.layers[0])
    run = run_mirror(make_mirror(repository, source=own_registry))
    restore_blob()

    again = run_in_process(retry_failed(run=run, user=None, enqueue=False))

    assert outcome(again) == {"bad": "new done"}
    assert again.retry_of == run
    assert second_registry.digest_of(repository, "bad") == bad.digest


@pytest.fixture
def run(claimed_run):
    return claimed_run(NAME)


def new_item(tag, **values):
    defaults = {"source_repository": NAME, "target_repository": NAME, "action": ItemAction.NEW}
    return MirrorItem(tag=tag, **{**defaults, **values})


def test_a_plan_starts_anew_and_a_run_continues(claimed_run):
    run = claimed_run(NAME)
    item_row(run, "1.0", state=ItemState.DONE)
    assert ItemStore(run).is_done(NAME, NAME, "1.0")
    assert not ItemStore(run).is_done(NAME, NAME, "1.1")

    run.is_plan = True

    assert ItemStore(run).items == []
    assert not run.items.exists()


def test_the_row_of_an_earlier_worker_is_updated(run):
    earlier = item_row(run, "1.0", bytes_done=70, attempt=2)
    store = ItemStore(run)

    store.save([new_item("1.0", action=ItemAction.CHANGED), new_item("1.1")])
    store.flush(force=True)

    assert run.items.count() == 2
    earlier.refresh_from_db()
    assert (earlier.action, earlier.bytes_done, earlier.attempt) == (ItemAction.CHANGED, 70, 2)


def test_changes_are_written_at_most_once_a_second_unless_forced(run):
    store = ItemStore(run)
    (item,) = store.save([new_item("1.0")])
    item.state = ItemState.COPYING
    store.mark_changed(item)

    store.flush()
    assert run.items.get().state == ItemState.WAITING

    store.flush(force=True)
    assert run.items.get().state == ItemState.COPYING


def test_a_tag_with_a_new_object_is_written_once_with_its_latest_values(run):
    store = ItemStore(run)
    (first,) = store.save([new_item("1.0")])
    store.mark_changed(first)
    store.save([new_item("1.0", state=ItemState.FAILED)])

    store.flush(force=True)

    assert run.items.get().state == ItemState.FAILED
    assert store.totals()["failed"] == 1


def test_a_worker_that_lost_the_run_writes_nothing(run):
    store = ItemStore(run)
    (item,) = store.save([new_item("1.0")])
    item.state = ItemState.DONE
    store.mark_changed(item)
    MirrorRun.objects.filter(pk=run.pk).update(claim=uuid.uuid4())

    with pytest.raises(Cancelled):
        store.save([new_item("1.1")])
    with pytest.raises(Cancelled):
        store.flush(force=True)

    assert run.items.get().state == ItemState.WAITING


def test_totals_count_actions_of_all_tags_and_states_of_those_to_copy(run):
    item_row(run, "1.0", ItemAction.NEW, ItemState.DONE)
    item_row(run, "1.1", ItemAction.CHANGED, ItemState.WAITING)
    item_row(run, "1.2", ItemAction.UP_TO_DATE, ItemState.DONE)
    item_row(run, "", ItemAction.SKIPPED, ItemState.FAILED)
    store = ItemStore(run)
    store.counts["unselected"] += 5

    totals = store.totals()

    assert {name: totals[name] for name in ("new", "changed", "up_to_date", "skipped")} == {
        "new": 1,
        "changed": 1,
        "up_to_date": 1,
        "skipped": 1,
    }
    assert (totals["done"], totals["waiting"], totals["failed"], totals["unselected"]) == (
        1,
        1,
        1,
        5,
    )


def test_known_blobs_of_the_runs_repositories_come_first_and_of_others_the_newest(run, other_team):
    registry = run.target_registry
    foreign = mirror_row(other_team).target_registry
    for row, repository, digest in (
        (registry, "old/app", "sha256:1"),
        (registry, NAME, "sha256:2"),
        (registry, "new/app", "sha256:3"),
        (foreign, NAME, "sha256:4"),
    ):
        KnownBlob.objects.create(registry=row, repository=repository, digest=digest)

    assert ItemStore(run).known_blobs([NAME]) == [
        (NAME, "sha256:2"),
        ("new/app", "sha256:3"),
        ("old/app", "sha256:1"),
    ]

    run.is_local_pull = True
    assert ItemStore(run).known_blobs([NAME]) == []


def test_recorded_blobs_are_known_once_and_removed_ones_no_more(run):
    store = ItemStore(run)

    store.record_blobs([(NAME, "sha256:1"), (NAME, "sha256:2")], [])
    store.record_blobs([(NAME, "sha256:2")], [(NAME, "sha256:1"), (NAME, "sha256:9")])

    assert store.known_blobs([NAME]) == [(NAME, "sha256:2")]
