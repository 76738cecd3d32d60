import pytest

from registry_ui.oci.blob_presence import BlobPresence
from registry_ui.oci.errors import Cancelled
from registry_ui.oci.store import Cancellation
from tests.parts.images import build_image, build_index
from tests.parts.scripted_server import Reply
from tests.transfers.mirrors.memory_registry import manifest_path
from tests.transfers.mirrors.outcomes import outcome
from tests.transfers.mirrors.rows import item_row
from transfers.mirrors.models import ItemAction, ItemState
from transfers.mirrors.run import phases
from transfers.mirrors.run.context import RunContext
from transfers.mirrors.run.plan_size import measure_plan
from transfers.models import State

NAME = "library/nginx"

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def test_bytes_of_waiting_images_are_estimated(
    registry, image_factory, make_mirror, run_mirror, monkeypatch
):
    repository = registry.new_repository()
    for number in range(5):
        image_factory(registry, repository, f"1.{number}", layers=1, layer_size=50_000)
    expected = []

    def checkpoint(context):
        original_checkpoint(context)
        if context.copier is not None:
            expected.append(context.copier.totals()[1] + context.copier.estimated_bytes())

    original_checkpoint = RunContext.checkpoint
    monkeypatch.setattr(RunContext, "checkpoint", checkpoint)
    monkeypatch.setattr(phases, "_GROUPS", 1)

    run = run_mirror(make_mirror(repository))

    assert expected[0] == pytest.approx(run.bytes_total, rel=0.3)
    assert expected[-1] == run.bytes_total
    assert run.progress["estimated_bytes"] == 0


def test_a_plan_copies_nothing_and_reports_the_bytes(
    registry, second_registry, image_factory, make_mirror, plan_mirror, run_mirror
):
    repository = registry.new_repository()
    image_factory(registry, repository, "1.0", shared_layers=["base"], layers=1)
    image_factory(registry, repository, "1.1", shared_layers=["base"], layers=1)
    image_factory(registry, repository, "2.0-rc1")
    mirror = make_mirror(repository, selection={"prereleases": False})

    plan = plan_mirror(mirror)

    assert plan.state == State.SUCCEEDED
    assert plan.mirror.last_run_id is None
    assert outcome(plan) == {"1.0": "new waiting", "1.1": "new waiting", "2.0-rc1": "skipped done"}
    assert second_registry.tags(repository) == []
    run = run_mirror(mirror)
    assert plan.bytes_total == run.bytes_done
    assert (
        sum(item.bytes_total for item in plan.items.filter(action=ItemAction.NEW))
        == plan.bytes_total
    )
    assert plan.totals["new_repositories"] == 1


def bytes_of(*images) -> int:
    blobs = {digest: blob for image in images for digest, blob in image.blobs.items()}
    return sum(map(len, blobs.values()))


@pytest.fixture
def plan(hub, claimed_run, open_endpoints):
    """Return a function that measures a plan with tags of some images, and the items by tag."""

    def measure(images, *, known=(), is_new=False, cancellation=None, **values):
        run = claimed_run(NAME, **values)
        for tag, image in images.items():
            hub.add(NAME, image, tag)
            item_row(run, tag, source_digest=image.digest)
        item_row(run, "same", ItemAction.UP_TO_DATE, ItemState.DONE, source_digest="sha256:x")
        context = RunContext(run, cancellation or Cancellation())
        endpoints = open_endpoints(run, cancellation=context.cancellation)
        new_repositories = frozenset([NAME] if is_new else [])
        measure_plan(context, endpoints, BlobPresence(known), new_repositories)
        return context, {item.tag: item for item in context.item_store.items}

    return measure


def test_a_shared_blob_counts_once_and_another_tag_of_an_image_nothing(plan):
    first = build_image(shared_layers=["base"], layers=1, layer_size=100)
    second = build_image(shared_layers=["base"], layers=1, layer_size=100)

    context, items = plan({"1.0": first, "1.1": second, "latest": first}, is_new=True)

    total = bytes_of(first, second)
    assert context.item_store.counts["bytes"] == total
    assert sum(items[tag].bytes_total for tag in ("1.0", "1.1", "latest")) == total
    assert items["latest"].bytes_total == 0
    assert items["same"].bytes_total is None
    assert context.item_store.counts["pulls"] == 2


def test_what_the_target_has_or_can_mount_is_not_sent(plan, company):
    image = build_image(layers=3, layer_size=100)
    present, known, mountable = image.layers
    company.add(NAME, build_image(layers=0))
    company.blobs[NAME][present] = image.blobs[present]

    _context, items = plan({"1.0": image}, known=[(NAME, known), ("other/app", mountable)])

    assert items["1.0"].bytes_total == len(image.blobs[image.config])


def test_nothing_is_asked_of_a_repository_that_does_not_exist_yet(plan, company):
    plan({"1.0": build_image(layers=1, layer_size=100)}, is_new=True)

    assert company.server.made("HEAD") == []


def test_only_the_selected_platforms_count(plan):
    index = build_index(platforms=["linux/amd64", "linux/arm64"], layers=1, layer_size=100)

    _context, items = plan({"1.0": index}, is_new=True, platforms=["linux/arm64"])

    assert items["1.0"].bytes_total == bytes_of(index.children[1])


def test_a_manifest_that_cannot_be_read_leaves_the_size_unknown(plan, hub):
    good, bad = build_image(layers=1, layer_size=10), build_image(layers=1, layer_size=10)
    hub.server.on("GET", manifest_path(NAME, bad.digest), Reply(403))

    context, items = plan({"good": good, "bad": bad}, is_new=True)

    assert items["good"].bytes_total == bytes_of(good)
    assert (items["bad"].bytes_total, items["bad"].state) == (None, ItemState.WAITING)
    assert items["bad"].error["kind"] == "Denied"
    assert context.item_store.counts["unmeasured"] == 1


def test_a_cancelled_plan_is_not_measured(plan):
    cancellation = Cancellation()
    cancellation.request()

    with pytest.raises(Cancelled):
        plan({"1.0": build_image(layers=1, layer_size=10)}, cancellation=cancellation)
