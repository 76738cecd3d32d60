import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from registry_ui.oci.errors import Cancelled
from registry_ui.oci.store import Cancellation
from registry_ui.web.errors import describe
from tests.parts.images import OCI_INDEX, BuiltManifest, build_image, build_index
from tests.parts.scripted_server import Reply
from tests.transfers.mirrors.memory_registry import manifest_path
from tests.transfers.mirrors.outcomes import outcome
from tests.transfers.mirrors.rows import item_row, run_row
from transfers.mirrors.models import ConflictPolicy, ItemAction, ItemState, VerificationResult
from transfers.mirrors.run.comparison import Comparer
from transfers.mirrors.run.item_store import ItemStore
from transfers.mirrors.run.repository_pairs import RepositoryPair
from transfers.models import State

NAME = "library/nginx"

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def test_the_second_run_copies_nothing_with_two_requests_per_tag(
    registry, image_factory, make_mirror, run_mirror
):
    repository = registry.new_repository()
    for number in range(10):
        image_factory(registry, repository, f"1.{number}", layers=1, layer_size=100)
    mirror = make_mirror(repository)
    run_mirror(mirror)

    again = run_mirror(mirror)

    assert outcome(again) == {f"1.{number}": "up_to_date done" for number in range(10)}
    # Two pings, two lists, one question whether the source lists referrers, and two HEADs a tag.
    assert again.requests <= 2 * 10 + 5
    assert set(again.items.values_list("verification", flat=True)) == {VerificationResult.EQUAL}


def test_only_a_changed_tag_is_copied(
    registry, second_registry, image_factory, make_mirror, run_mirror
):
    repository = registry.new_repository()
    for tag in ("1.0", "1.1"):
        image_factory(registry, repository, tag)
    mirror = make_mirror(repository)
    run_mirror(mirror)
    changed = image_factory(registry, repository, "1.1")

    run = run_mirror(mirror)

    assert outcome(run) == {"1.0": "up_to_date done", "1.1": "changed done"}
    assert second_registry.digest_of(repository, "1.1") == changed.digest
    item = run.items.get(tag="1.1")
    assert item.target_digest
    assert item.target_digest != item.copied_digest == changed.digest


def test_an_image_of_another_platform_is_skipped_with_the_reason(
    registry, second_registry, image_factory, make_mirror, run_mirror
):
    repository = registry.new_repository()
    image_factory(registry, repository, platform="linux/s390x")
    run = run_mirror(make_mirror(repository, platforms=["linux/amd64"]))
    assert outcome(run) == {"1.0": "skipped done"}
    assert "linux/s390x" in describe(run.items.get().error).sentence
    assert second_registry.tags(repository) == []


def test_a_differing_target_is_kept_where_the_mirror_says_so(
    registry, second_registry, image_factory, make_mirror, run_mirror
):
    repository = registry.new_repository()
    image_factory(registry, repository)
    theirs = image_factory(second_registry, repository)
    run = run_mirror(make_mirror(repository, conflict_policy="keep"))
    assert outcome(run) == {"1.0": "skipped done"}
    assert second_registry.digest_of(repository, "1.0") == theirs.digest


def test_a_missing_named_tag_fails_alone(registry, image_factory, make_mirror, run_mirror):
    repository = registry.new_repository()
    image_factory(registry, repository)
    run = run_mirror(make_mirror(repository, selection={"tags": ["1.0", "9.9"]}))
    assert outcome(run) == {"1.0": "new done", "9.9": "new failed"}


def small_image(**options) -> BuiltManifest:
    return build_image(layers=1, layer_size=10, **options)


@pytest.fixture
def pool():
    with ThreadPoolExecutor(4) as pool:
        yield pool


@pytest.fixture
def comparer(open_endpoints, pool):
    """Return a function for the comparer of a claimed run."""

    def make(run, **options) -> Comparer:
        return Comparer(run, open_endpoints(run, **options), ItemStore(run), pool)

    return make


@pytest.fixture
def compare(comparer):
    """Return a function that compares tags of one pair and returns the items by tag."""

    def run_comparison(run, *tags, pair=None):
        pair = pair or RepositoryPair(NAME, NAME)
        items = comparer(run).compare([(pair, tag) for tag in tags], lambda: None)
        return {item.tag: item for item in items}

    return run_comparison


@pytest.mark.parametrize(
    ("policy", "action", "state"),
    [
        (ConflictPolicy.OVERWRITE, ItemAction.CHANGED, ItemState.WAITING),
        (ConflictPolicy.BACKUP, ItemAction.CHANGED, ItemState.WAITING),
        (ConflictPolicy.KEEP, ItemAction.SKIPPED, ItemState.DONE),
    ],
)
def test_a_tag_is_new_up_to_date_or_as_the_policy_says(
    hub, company, claimed_run, compare, policy, action, state
):
    image, theirs = small_image(), small_image()
    hub.add(NAME, image, "new", "same", "other")
    company.add(NAME, image, "same")
    company.add(NAME, theirs, "other")

    items = compare(claimed_run(NAME, conflict_policy=policy), "new", "same", "other")

    assert (items["new"].action, items["new"].state) == (ItemAction.NEW, ItemState.WAITING)
    assert (items["same"].action, items["same"].state) == (ItemAction.UP_TO_DATE, ItemState.DONE)
    assert items["same"].verification == VerificationResult.EQUAL
    assert (items["other"].action, items["other"].state) == (action, state)
    assert (items["other"].source_digest, items["other"].target_digest) == (
        image.digest,
        theirs.digest,
    )


def test_a_listed_tag_that_is_gone_is_skipped_and_a_named_one_fails(claimed_run, compare):
    run = claimed_run(NAME)

    listed = compare(run, "1.0", pair=RepositoryPair(NAME, NAME, source_tags=["1.0"]))
    named = compare(run, "1.1")

    assert (listed["1.0"].action, listed["1.0"].state) == (ItemAction.SKIPPED, ItemState.DONE)
    assert (named["1.1"].state, named["1.1"].error["kind"]) == (
        ItemState.FAILED,
        "ManifestUnknown",
    )


def test_only_a_temporary_failure_is_kept_for_a_retry(hub, claimed_run, comparer, short_limits):
    for tag, status in (("busy", 503), ("refused", 403)):
        for method in ("HEAD", "GET"):
            hub.server.on(method, manifest_path(NAME, tag), Reply(status))
    comparer = comparer(claimed_run(NAME))
    pair = RepositoryPair(NAME, NAME)

    items = comparer.compare([(pair, "busy"), (pair, "refused")], lambda: None)

    assert {item.state for item in items} == {ItemState.FAILED}
    assert [item.tag for item in comparer.temporary_failures] == ["busy"]


def test_a_tag_that_an_earlier_worker_has_finished_is_not_compared_again(hub, claimed_run, compare):
    hub.add(NAME, small_image(), "done", "waiting")
    run = claimed_run(NAME)
    item_row(run, "done", state=ItemState.DONE, source_repository=NAME, target_repository=NAME)
    waiting = item_row(run, "waiting", source_repository=NAME, target_repository=NAME, attempt=1)

    items = compare(run, "done", "waiting")

    assert list(items) == ["waiting"]
    assert (items["waiting"].pk, items["waiting"].attempt) == (waiting.pk, 1)
    assert hub.server.made("HEAD", manifest_path(NAME, "done")) == []


def test_a_tag_that_moved_since_the_plan_or_is_not_in_it_is_skipped(hub, claimed_run, compare):
    planned, moved = small_image(), small_image()
    hub.add(NAME, planned, "1.0")
    hub.add(NAME, moved, "1.1", "1.2")
    run = claimed_run(NAME)
    run.based_on = run_row(run.mirror, state=State.SUCCEEDED, is_plan=True)
    run.save()
    for tag in ("1.0", "1.1"):
        item_row(run.based_on, tag, source_repository=NAME, source_digest=planned.digest)

    items = compare(run, "1.0", "1.1", "1.2")

    assert {tag: item.action for tag, item in items.items()} == {
        "1.0": ItemAction.NEW,
        "1.1": ItemAction.SKIPPED,
        "1.2": ItemAction.SKIPPED,
    }


def test_the_digest_of_selected_platforms_is_known_from_an_earlier_run(
    hub, company, claimed_run, compare
):
    index = build_index(platforms=["linux/amd64", "linux/arm64"], layers=1, layer_size=10)
    reduced = small_image()
    hub.add(NAME, index, "1.0")
    company.add(NAME, reduced, "1.0")
    run = claimed_run(NAME, platforms=["linux/amd64"])
    earlier = run_row(run.mirror, state=State.SUCCEEDED)
    item_row(
        earlier,
        "1.0",
        state=ItemState.DONE,
        source_digest=index.digest,
        copied_digest=reduced.digest,
    )

    items = compare(run, "1.0")

    assert items["1.0"].action == ItemAction.UP_TO_DATE
    assert hub.server.made("GET", manifest_path(NAME, index.digest)) == []


def test_an_image_without_a_selected_platform_is_skipped(hub, claimed_run, compare):
    hub.add(NAME, build_index(platforms=["linux/s390x"], layers=1, layer_size=10), "1.0")

    items = compare(claimed_run(NAME, platforms=["linux/amd64"]), "1.0")

    assert (items["1.0"].action, items["1.0"].state) == (ItemAction.SKIPPED, ItemState.DONE)


def test_local_images_and_listed_tags_take_no_request_to_the_target(
    hub, company, claimed_run, compare
):
    image = small_image()
    hub.add(NAME, image, "1.0", "1.1")
    run = claimed_run(NAME)

    local = compare(run, "1.0", "1.1", pair=RepositoryPair(NAME, NAME, local={"1.0": image.digest}))
    listed = compare(run, "1.1", pair=RepositoryPair(NAME, NAME, target_tags={"1.0"}))

    assert {tag: item.action for tag, item in local.items()} == {
        "1.0": ItemAction.UP_TO_DATE,
        "1.1": ItemAction.NEW,
    }
    assert listed["1.1"].action == ItemAction.NEW
    assert company.server.made("HEAD") == []


def test_a_longer_list_of_referrers_at_the_target_is_up_to_date(hub, company, claimed_run, compare):
    ours, theirs = small_image(), small_image()
    tag = f"sha256-{'0' * 64}"

    def referrers(*images) -> BuiltManifest:
        entries = [image.descriptor() for image in images]
        document = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}
        return BuiltManifest(json.dumps(document).encode(), OCI_INDEX)

    hub.add(NAME, referrers(ours), tag)
    company.add(NAME, referrers(theirs, ours), tag)
    run = claimed_run(NAME)
    assert compare(run, tag)[tag].action == ItemAction.UP_TO_DATE

    run.items.all().delete()
    company.add(NAME, referrers(theirs), tag)
    assert compare(run, tag)[tag].action == ItemAction.CHANGED


def test_a_cancelled_comparison_saves_no_item(hub, claimed_run, comparer):
    hub.add(NAME, small_image(), "1.0")
    cancellation, run = Cancellation(), claimed_run(NAME)
    comparer = comparer(run, cancellation=cancellation)
    cancellation.request()

    with pytest.raises(Cancelled):
        comparer.compare([(RepositoryPair(NAME, NAME), "1.0")], lambda: None)

    assert not run.items.exists()
