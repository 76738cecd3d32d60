import pytest
from django.db.models import F

from registry_ui.oci.blob_presence import BlobPresence
from registry_ui.oci.copy_session import CopySession
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import Cancelled, RateLimited
from registry_ui.oci.store import Cancellation
from registry_ui.oci.worker_pools import WorkerPools
from tests.parts.processes import wait_until
from tests.parts.slow_line import slow_line
from tests.transfers.mirrors.rows import item_row
from transfers.mirrors.models import ItemState, KnownBlob, MirrorItem, MirrorRun
from transfers.mirrors.run.context import RunContext
from transfers.mirrors.run.pull_budget import PullBudget
from transfers.mirrors.run.tag_copies import TagCopier
from transfers.mirrors.services import start_run
from transfers.models import State

NAME = "library/nginx"
DIGEST = Digest.of(b"layer")

pytestmark = pytest.mark.django_db(transaction=True)


def ended(run) -> MirrorRun:
    wait_until(lambda: MirrorRun.objects.get(pk=run.pk).is_terminal, seconds=90)
    return MirrorRun.objects.get(pk=run.pk)


def test_a_tag_in_transfer_shows_its_progress(registry, image_factory, make_mirror, manage):
    repository = registry.new_repository()
    image_factory(registry, repository, "1.0", layers=1, layer_size=3_000_000)
    with slow_line(registry.port, 1_000_000) as source:
        mirror = make_mirror(repository, source=source)
        manage.start_worker("mirrors")
        run = start_run(mirror=mirror, user=None)
        in_progress = run.items.filter(
            state=ItemState.COPYING, bytes_done__gt=0, bytes_done__lt=F("bytes_total")
        )
        wait_until(in_progress.exists, seconds=40, what="bytes of the tag")
        source.bytes_per_second = None
        assert ended(run).state == State.SUCCEEDED
    item = run.items.get()
    assert item.bytes_done == item.bytes_total > 3_000_000


@pytest.fixture
def run_context(claimed_run):
    run = claimed_run(NAME)
    run.bytes_done, run.requests = 100, 7
    item_row(run, "1.27")
    return RunContext(run, Cancellation())


@pytest.fixture
def copier(run_context, open_endpoints):
    """A copier that has recorded a blob of the target, as part of the context."""
    presence = BlobPresence([(NAME, str(Digest.of(b"gone")))])
    presence.add(NAME, DIGEST)
    presence.invalidate(NAME, [Digest.of(b"gone")])
    pools = WorkerPools.create(metadata=1, large=1)
    run_context.endpoints = open_endpoints(run_context.run)
    run_context.copier = TagCopier(
        run_context.endpoints,
        run_context.item_store,
        CopySession(cancellation=run_context.cancellation, pools=pools, presence=presence),
        PullBudget("hub.example.com"),
        groups_at_once=1,
    )
    yield run_context.copier
    pools.close()


def test_a_note_is_kept_once_and_only_some_are_kept(run_context):
    for text in ("", "first", "first", *(f"note {number}" for number in range(30))):
        run_context.add_note(text)

    notes = run_context.row_values()["progress"]["notes"]

    assert notes[:2] == ["first", "note 0"]
    assert len(notes) == 20


def test_bytes_and_requests_of_an_earlier_worker_count(run_context):
    run_context.item_store.counts["bytes"] = 50

    values = run_context.row_values()

    assert (values["bytes_done"], values["bytes_total"], values["requests"]) == (100, 150, 7)
    assert values["totals"]["new"] == 1
    assert values["progress"]["seconds_left"] is None


def test_requests_of_this_worker_are_added(run_context, copier):
    run_context.endpoints.target(NAME).head_manifest("1.27")

    assert run_context.row_values()["requests"] == 7 + 1


def test_a_pause_is_shown_until_its_end(run_context):
    reason = RateLimited("requests_refused", host="hub.example.com")
    run_context.record_pause(30, reason)
    assert run_context.row_values()["progress"]["pause"] == {
        "seconds": 30,
        "reason": reason.stored(),
    }

    run_context.record_pause(-1, reason)
    assert run_context.row_values()["progress"]["pause"] is None


def test_a_checkpoint_keeps_what_is_known_of_the_blobs_of_the_target(run_context, copier):
    registry = run_context.mirror.target_registry
    KnownBlob.objects.create(registry=registry, repository=NAME, digest=str(Digest.of(b"gone")))

    run_context.checkpoint()

    assert KnownBlob.objects.get().digest == str(DIGEST)


def test_a_checkpoint_of_a_cancelled_run_stops_it_and_writes_nothing(run_context, copier):
    (item,) = run_context.item_store.items
    item.state = ItemState.DONE
    run_context.item_store.mark_changed(item)
    run_context.cancellation.request()

    with pytest.raises(Cancelled):
        run_context.checkpoint()

    assert MirrorItem.objects.get().state == ItemState.WAITING
    assert not KnownBlob.objects.exists()
