"""Runs of mirrors between two real registries.

Copied and skipped tags, their reasons, and the requests that they take.
"""

import pytest
from django.core.exceptions import ValidationError

from registry_ui.credentials.services import remove_registry
from registry_ui.web.errors import describe
from transfers.mirrors.models import (
    ItemAction,
    ItemState,
    MirrorItem,
    RepositoryDrift,
    VerificationResult,
)
from transfers.mirrors.run import phases
from transfers.mirrors.run.context import RunContext
from transfers.models import State

from ..outcomes import outcome

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def test_the_first_run_copies_every_tag_with_its_digest(
    registry, second_registry, image_factory, make_mirror, run_mirror
):
    repository = registry.new_repository()
    images = [image_factory(registry, repository, tag) for tag in ("1.0", "1.1", "2.0")]

    run = run_mirror(make_mirror(repository))

    assert run.error is None
    assert run.state == State.SUCCEEDED
    assert outcome(run) == dict.fromkeys(("1.0", "1.1", "2.0"), "new done")
    for image in images:
        assert second_registry.digest_of(repository, image.tag) == image.digest
    assert set(run.items.values_list("verification", flat=True)) == {VerificationResult.EQUAL}
    assert run.bytes_done == run.bytes_total > 0
    assert run.totals["new"] == 3
    assert run.totals["done"] == 3
    assert run.mirror.__class__.objects.get(pk=run.mirror_id).last_state == State.SUCCEEDED


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


def test_a_missing_known_blob_is_sent_again(
    registry, own_registry, image_factory, make_mirror, run_mirror, team
):
    from transfers.mirrors.models import KnownBlob

    repository = registry.new_repository()
    image = image_factory(registry, repository, "1.0")
    mirror = make_mirror(repository, target=own_registry)
    for digest in image.blobs:
        KnownBlob.objects.create(
            registry=mirror.target_registry, repository=repository, digest=digest
        )

    run = run_mirror(mirror)

    assert run.state == State.SUCCEEDED
    assert own_registry.digest_of(repository, "1.0") == image.digest
    assert KnownBlob.objects.filter(registry=mirror.target_registry).count() == len(image.blobs)


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


def test_an_image_of_another_platform_is_skipped_with_the_reason(
    registry, second_registry, image_factory, make_mirror, run_mirror
):
    repository = registry.new_repository()
    image_factory(registry, repository, platform="linux/s390x")
    run = run_mirror(make_mirror(repository, platforms=["linux/amd64"]))
    assert outcome(run) == {"1.0": "skipped done"}
    assert "linux/s390x" in run.items.get().reason
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


def test_a_glob_selects_every_matching_repository(
    registry, second_registry, image_factory, make_mirror, run_mirror
):
    names = [registry.new_repository("globbed") for _number in range(2)]
    for name in names:
        image_factory(registry, name, layers=1, layer_size=50)
    run = run_mirror(make_mirror("globbed/*"))
    assert run.state == State.SUCCEEDED
    assert {item.source_repository for item in run.items.all()} >= set(names)


def test_names_at_the_target_follow_the_naming(
    registry, second_registry, image_factory, make_mirror, run_mirror
):
    repository = registry.new_repository()
    image = image_factory(registry, repository)
    run_mirror(make_mirror(repository, naming={"kind": "prefix", "prefix": "mirrored"}))
    assert second_registry.digest_of(f"mirrored/{repository}", "1.0") == image.digest


def test_a_naming_collision_copies_nothing(
    registry, second_registry, image_factory, make_mirror, run_mirror
):
    for namespace in ("left", "right"):
        image_factory(registry, f"{namespace}-collides/app-collides", layers=1, layer_size=50)
    run = run_mirror(make_mirror("*/app-collides", naming={"kind": "flatten"}))
    assert run.state == State.FAILED
    assert run.error["kind"] == "NamingCollision"
    assert second_registry.tags("app-collides") == []


def test_a_missing_named_tag_fails_alone(registry, image_factory, make_mirror, run_mirror):
    repository = registry.new_repository()
    image_factory(registry, repository)
    run = run_mirror(make_mirror(repository, selection={"tags": ["1.0", "9.9"]}))
    assert outcome(run) == {"1.0": "new done", "9.9": "new failed"}


def test_a_missing_repository_fails_alone(registry, image_factory, make_mirror, run_mirror):
    repository = registry.new_repository()
    image_factory(registry, repository)
    run = run_mirror(make_mirror(repository, "tests/nothing-here"))
    assert run.state == State.FAILED
    assert run.items.get(source_repository="tests/nothing-here").error
    assert run.items.get(source_repository=repository).state == ItemState.DONE


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


def test_a_plan_is_run_as_shown(registry, second_registry, image_factory, make_mirror, plan_mirror):
    from transfers.mirrors.services import run_in_process, run_plan

    repository = registry.new_repository()
    planned = image_factory(registry, repository, "1.0")
    image_factory(registry, repository, "1.1")
    plan = plan_mirror(make_mirror(repository))
    image_factory(registry, repository, "1.1")
    image_factory(registry, repository, "1.2")

    run = run_in_process(run_plan(plan=plan, user=None, enqueue=False))

    assert outcome(run) == {"1.0": "new done", "1.1": "skipped done"}
    assert second_registry.digest_of(repository, "1.0") == planned.digest
    assert second_registry.tags(repository) == ["1.0"]


def test_extras_are_kept_and_counted_by_default(
    registry, second_registry, image_factory, make_mirror, run_mirror
):
    repository = registry.new_repository()
    image_factory(registry, repository)
    image_factory(second_registry, repository, "old")
    run = run_mirror(make_mirror(repository))
    assert outcome(run) == {"1.0": "new done", "old": "extra waiting"}
    assert second_registry.tags(repository) == ["1.0", "old"]
    assert RepositoryDrift.objects.get().extra == 1


def test_extras_are_deleted_where_the_mirror_says_so(
    registry, second_registry, image_factory, make_mirror, run_mirror
):
    repository = registry.new_repository()
    image_factory(registry, repository)
    image_factory(second_registry, repository, "old")
    run = run_mirror(make_mirror(repository, delete_extras=True))
    assert outcome(run) == {"1.0": "new done", "old": "extra done"}
    assert second_registry.digest_of(repository, "old") is None
    assert run.totals["deleted"] == 1


def test_no_extra_is_deleted_above_the_cap(
    registry, second_registry, image_factory, make_mirror, run_mirror
):
    repository = registry.new_repository()
    image_factory(registry, repository)
    for number in range(3):
        image_factory(second_registry, repository, f"old-{number}", layers=1, layer_size=50)
    run = run_mirror(make_mirror(repository, delete_extras=True, delete_cap=2))
    assert run.state == State.SUCCEEDED
    assert len(second_registry.tags(repository)) == 4
    assert "cap" in run.progress["notes"][0]


def test_nothing_is_deleted_without_a_list_of_the_source(
    registry, second_registry, image_factory, make_mirror, run_mirror
):
    repository = registry.new_repository()
    image_factory(second_registry, repository, "precious")
    run = run_mirror(make_mirror(repository, delete_extras=True))
    assert run.state == State.FAILED
    assert second_registry.tags(repository) == ["precious"]


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


def test_the_drift_of_each_pair_is_counted(
    registry, second_registry, image_factory, make_mirror, plan_mirror, run_mirror
):
    repository = registry.new_repository()
    for tag in ("1.0", "1.1", "1.2"):
        image_factory(registry, repository, tag, layers=1, layer_size=50)
    image_factory(second_registry, repository, "1.1", layers=1, layer_size=50)
    image_factory(second_registry, repository, "9.9", layers=1, layer_size=50)
    mirror = make_mirror(repository)

    plan_mirror(mirror)
    pair = RepositoryDrift.objects.get()
    assert (pair.up_to_date, pair.missing, pair.differing) == (0, 2, 1)
    assert (pair.extra, pair.behind) == (1, 3)
    assert pair.verified_at is None

    run_mirror(mirror)
    pair = RepositoryDrift.objects.get()
    assert (pair.up_to_date, pair.missing, pair.differing, pair.extra) == (3, 0, 0, 1)
    assert pair.verified_at
    assert not pair.is_in_sync


def test_a_mirror_never_has_two_active_runs(registry, make_mirror):
    from transfers.mirrors.services import MirrorBusy, start_plan, start_run

    mirror = make_mirror("tests/busy")
    first = start_run(mirror=mirror, user=None, enqueue=False)
    with pytest.raises(MirrorBusy) as caught:
        start_run(mirror=mirror, user=None, enqueue=False)
    assert caught.value.run == first
    assert start_plan(mirror=mirror, user=None, enqueue=False).is_plan


def test_a_used_registry_is_not_removed(alice, make_mirror):
    mirror = make_mirror("tests/needed")
    with pytest.raises(ValidationError, match=mirror.name):
        remove_registry(registry=mirror.target_registry, user=alice)
    assert mirror.__class__.objects.filter(pk=mirror.pk).exists()


def test_a_team_is_removed_with_its_mirrors(team, make_mirror):
    mirror = make_mirror("tests/needed")
    team.delete()
    assert not mirror.__class__.objects.exists()
