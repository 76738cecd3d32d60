from datetime import UTC, datetime

import pytest
from django.utils import timezone

from registry_ui.images.models import LocalImage
from registry_ui.oci.blob_presence import BlobPresence
from registry_ui.oci.copy_session import CopySession
from registry_ui.oci.errors import Cancelled, InvalidReference
from registry_ui.oci.store import Cancellation
from registry_ui.oci.worker_pools import WorkerPools
from registry_ui.web.errors import describe
from tests.parts.images import build_image, build_index
from tests.parts.scripted_server import Reply
from tests.transfers.mirrors.memory_registry import manifest_path
from tests.transfers.mirrors.outcomes import outcome
from tests.transfers.mirrors.rows import item_row
from transfers.mirrors.models import ConflictPolicy, ItemAction, ItemState, MirrorItem
from transfers.mirrors.run.item_store import ItemStore
from transfers.mirrors.run.pull_budget import Postponed, PullBudget
from transfers.mirrors.run.tag_copies import TagCopier, backup_tag, group_by_digest, is_backup_tag
from transfers.models import State

NAME = "library/nginx"

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def test_a_broken_tag_does_not_stop_others(
    own_registry, second_registry, image_factory, make_mirror, run_mirror
):
    repository = own_registry.new_repository()
    good = [image_factory(own_registry, repository, f"1.{number}") for number in range(5)]
    bad = image_factory(own_registry, repository, "bad")
    own_registry.corrupt_blob(bad.layers[0])
    mirror = make_mirror(repository, source=own_registry)

    run = run_mirror(mirror)

    assert run.state == State.FAILED
    assert run.error["kind"] == "ItemsFailed"
    assert run.items.get(tag="bad").state == ItemState.FAILED
    assert describe(run.items.get(tag="bad").error).sentence
    assert second_registry.digest_of(repository, "bad") is None
    for image in good:
        assert second_registry.digest_of(repository, image.tag) == image.digest


def test_a_digest_of_many_tags_is_copied_once(
    own_registry, registry, image_factory, make_mirror, run_mirror
):
    repository = registry.new_repository()
    built = image_factory.build_image(layers=2)
    for number in range(6):
        image_factory.push(registry, built, repository, f"alias-{number}")

    run = run_mirror(make_mirror(repository, target=own_registry))

    assert run.state == State.SUCCEEDED
    log = own_registry.log
    assert log.count("PUT /v2/") >= 3 + 6
    assert (
        sum(
            "PUT /v2/" in line and "/blobs/uploads/" in line and '" 201' in line
            for line in log.splitlines()
        )
        == 3
    )


def test_a_shared_blob_is_downloaded_once_and_mounted(
    own_registry, registry, image_factory, make_mirror, run_mirror
):
    names = [registry.new_repository() for _number in range(3)]
    built = image_factory.build_image(layers=2)
    for name in names:
        image_factory.push(registry, built, name, "1.0")

    run = run_mirror(make_mirror(*names, target=own_registry))

    assert run.state == State.SUCCEEDED
    uploaded = [
        line
        for line in own_registry.log.splitlines()
        if "PUT /v2/" in line and "/blobs/uploads/" in line and '" 201' in line
    ]
    assert len(uploaded) == 3
    assert {own_registry.digest_of(name, "1.0") for name in names} == {built.digest}


def test_an_index_is_copied_completely(
    registry, second_registry, image_factory, make_mirror, run_mirror
):
    repository = registry.new_repository()
    image = image_factory(
        registry, repository, platforms=["linux/amd64", "linux/arm64"], attestation=True
    )
    run = run_mirror(make_mirror(repository))
    assert run.state == State.SUCCEEDED
    assert second_registry.digest_of(repository, "1.0") == image.digest


def test_selected_platforms_give_a_stable_reduced_index(
    registry, second_registry, image_factory, make_mirror, run_mirror
):
    repository = registry.new_repository()
    image = image_factory(
        registry,
        repository,
        platforms=["linux/amd64", "linux/arm64", "linux/s390x"],
        attestation=True,
    )
    mirror = make_mirror(repository, platforms=["linux/amd64", "linux/arm64"])

    run = run_mirror(mirror)

    item = run.items.get()
    assert run.state == State.SUCCEEDED
    assert item.copied_digest != image.digest
    assert "digest" in item.reason
    assert second_registry.digest_of(repository, "1.0") == item.copied_digest
    again = run_mirror(mirror)
    assert outcome(again) == {"1.0": "up_to_date done"}
    MirrorItem.objects.all().delete()
    assert outcome(run_mirror(mirror)) == {"1.0": "up_to_date done"}


def test_a_differing_target_is_backed_up_first(
    registry, second_registry, image_factory, make_mirror, run_mirror
):
    repository = registry.new_repository()
    ours = image_factory(registry, repository)
    theirs = image_factory(second_registry, repository)
    run = run_mirror(make_mirror(repository, conflict_policy="backup"))
    assert outcome(run) == {"1.0": "changed done"}
    backup = next(tag for tag in second_registry.tags(repository) if tag.startswith("1.0.backup-"))
    assert second_registry.digest_of(repository, backup) == theirs.digest
    assert second_registry.digest_of(repository, "1.0") == ours.digest
    assert backup in run.items.get().reason


def small_image():
    return build_image(layers=1, layer_size=10)


@pytest.fixture
def copier(open_endpoints):
    """Return a function for the copier of a run and its items."""
    opened = []

    def make(run, *, cancellation=None, groups_at_once=1):
        cancellation = cancellation or Cancellation()
        opened.append(WorkerPools.create(metadata=2, large=2))
        item_store = ItemStore(run)
        copier = TagCopier(
            open_endpoints(run, cancellation=cancellation),
            item_store,
            CopySession(cancellation=cancellation, pools=opened[-1], presence=BlobPresence()),
            PullBudget("hub.example.com"),
            groups_at_once=groups_at_once,
        )
        return copier, group_by_digest(item_store.items)

    yield make
    for pools in opened:
        pools.close()


def copied_items(copier, groups) -> dict[str, MirrorItem]:
    copier.copy(groups, lambda: None)
    return {item.tag: item for group in groups for item in group.items}


def test_tags_are_grouped_by_digest_and_repository():
    first, second = small_image(), small_image()
    items = [
        MirrorItem(source_repository=name, target_repository=name, tag=tag, source_digest=digest)
        for name, tag, digest in (
            ("a/app", "1.0", first.digest),
            ("a/app", "2.0", second.digest),
            ("a/app", "latest", first.digest),
            ("b/app", "1.0", first.digest),
        )
    ]

    groups = group_by_digest(items)

    assert [[f"{item}" for item in group.items] for group in groups] == [
        ["a/app:1.0", "a/app:latest"],
        ["a/app:2.0"],
        ["b/app:1.0"],
    ]


def test_an_image_with_several_tags_is_transferred_once(hub, company, claimed_run, copier):
    image, run = small_image(), claimed_run(NAME)
    hub.add(NAME, image, "1.0", "latest")
    for tag in ("1.0", "latest"):
        item_row(run, tag, source_digest=image.digest)

    copier, groups = copier(run)
    items = copied_items(copier, groups)

    size = sum(map(len, image.blobs.values()))
    assert company.tags(NAME) == {"1.0": image.digest, "latest": image.digest}
    assert [(items[tag].state, items[tag].bytes_total) for tag in ("1.0", "latest")] == [
        (ItemState.DONE, size),
        (ItemState.DONE, 0),
    ]
    assert {items[tag].copied_digest for tag in items} == {image.digest}
    assert (copier.totals(), copier.estimated_bytes(), copier.layers()) == ((size, size), 0, [])
    assert copier.manifests == {NAME: {image.digest}}


def test_a_failed_image_fails_alone_and_only_a_temporary_failure_is_retried(
    hub, company, claimed_run, copier, short_limits
):
    run, images = claimed_run(NAME), {tag: small_image() for tag in ("good", "refused", "busy")}
    for tag, image in images.items():
        hub.add(NAME, image, tag)
        item_row(run, tag, source_digest=image.digest)
    for tag, status in (("refused", 403), ("busy", 503)):
        hub.server.on("GET", manifest_path(NAME, images[tag].digest), Reply(status))

    copier, groups = copier(run)
    items = copied_items(copier, groups)

    assert {tag: item.state for tag, item in items.items()} == {
        "good": ItemState.DONE,
        "refused": ItemState.FAILED,
        "busy": ItemState.FAILED,
    }
    assert [item.tag for item in copier.temporary_failures] == ["busy"]
    assert set(company.tags(NAME)) == {"good"}


def test_the_image_at_the_target_is_backed_up_before_it_is_replaced(
    hub, company, claimed_run, copier
):
    run = claimed_run(NAME, conflict_policy=ConflictPolicy.BACKUP)
    ours, theirs = small_image(), small_image()
    hub.add(NAME, ours, "1.0")
    company.add(NAME, theirs, "1.0")
    digests = {"source_digest": ours.digest, "target_digest": theirs.digest}
    item_row(run, "1.0", ItemAction.CHANGED, **digests)

    copied_items(*copier(run))

    tags = company.tags(NAME)
    (backup,) = tags.keys() - {"1.0"}
    assert is_backup_tag(backup)
    assert (tags["1.0"], tags[backup]) == (ours.digest, theirs.digest)


def test_an_image_without_a_selected_platform_is_skipped(hub, company, claimed_run, copier):
    run, image = claimed_run(NAME, platforms=["linux/amd64"]), small_image()
    index = build_index(platforms=["linux/s390x"], layers=1, layer_size=10)
    for tag, built in (("1.0", index), ("1.1", image)):
        hub.add(NAME, built, tag)
        item_row(run, tag, source_digest=built.digest)

    items = copied_items(*copier(run))

    assert (items["1.0"].action, items["1.0"].state) == (ItemAction.SKIPPED, ItemState.DONE)
    assert company.tags(NAME) == {"1.1": image.digest}


def test_too_few_pulls_after_an_image_leave_the_next_one_waiting(hub, company, claimed_run, copier):
    run, first, second = claimed_run(NAME), small_image(), small_image()
    for tag, image in (("1.0", first), ("1.1", second)):
        hub.add(NAME, image, tag)
        item_row(run, tag, source_digest=image.digest)
    headers = {
        "Content-Type": first.media_type,
        "RateLimit-Limit": "100;w=21600",
        "RateLimit-Remaining": "5;w=21600",
    }
    answer = Reply(body=first.content, headers=headers)
    hub.server.on("GET", manifest_path(NAME, first.digest), answer)
    copier, groups = copier(run)

    with pytest.raises(Postponed):
        copier.copy(groups, lambda: None)

    assert [group.items[0].state for group in groups] == [ItemState.DONE, ItemState.WAITING]
    assert company.tags(NAME) == {"1.0": first.digest}


def test_a_cancelled_copy_leaves_the_tags_waiting(hub, company, claimed_run, copier):
    run, image, cancellation = claimed_run(NAME), small_image(), Cancellation()
    hub.add(NAME, image, "1.0")
    item_row(run, "1.0", source_digest=image.digest)
    copier, groups = copier(run, cancellation=cancellation)
    cancellation.request()

    with pytest.raises(Cancelled):
        copier.copy(groups, lambda: None)

    assert groups[0].items[0].state == ItemState.WAITING
    assert company.manifests == {}


@pytest.mark.django_db(transaction=True)
def test_a_local_image_has_both_digests_and_its_origin(hub, claimed_run, copier):
    run = claimed_run(NAME, platforms=["linux/amd64"], run_values={"is_local_pull": True})
    index = build_index(platforms=["linux/amd64", "linux/arm64"], layers=1, layer_size=10)
    hub.add(NAME, index, "1.0")
    item_row(run, "1.0", source_digest=index.digest)

    items = copied_items(*copier(run))

    image = LocalImage.objects.get()
    assert (image.registry, image.repository, image.tag) == (hub.host, NAME, "1.0")
    assert image.digest == items["1.0"].copied_digest != index.digest
    assert image.source_digest == index.digest
    assert image.origin == f"{hub.host}/{NAME}:1.0"


def test_a_backup_tag_has_the_minute_and_is_recognised(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: datetime(2026, 3, 1, 12, 5, tzinfo=UTC))

    assert backup_tag("1.27") == "1.27.backup-202603011205"
    assert is_backup_tag(backup_tag("1.27"))
    with pytest.raises(InvalidReference):
        backup_tag("x" * 128)


@pytest.mark.parametrize(
    "tag",
    ["1.27", "1.27.backup-2026", "1.27.backup-2026030112051", ".backup-202603011205", "backup-1"],
)
def test_other_tags_are_no_backups(tag):
    assert not is_backup_tag(tag)
