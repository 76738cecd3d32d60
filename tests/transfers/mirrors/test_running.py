"""Runs of mirrors between two real registries: what is moved, what is left alone, and what one tag's failure does to the others."""

import pytest
from django.core.exceptions import ValidationError

from registry_ui.registries.services import remove_registry
from transfers.mirrors import phases
from transfers.mirrors.work import Work
from transfers.models import ItemAction, ItemState, MirrorItem, MirrorPair, State, Verdict

from .outcomes import outcome

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def test_first_run_brings_every_tag_with_its_digest(
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
    assert set(run.items.values_list("verified", flat=True)) == {Verdict.EQUAL}
    assert run.bytes_done == run.bytes_total > 0
    assert run.totals["new"] == 3
    assert run.totals["done"] == 3
    assert run.mirror.__class__.objects.get(pk=run.mirror_id).last_state == State.SUCCEEDED


def test_second_run_finds_nothing_to_do_and_asks_twice_a_tag(
    registry, image_factory, make_mirror, run_mirror
):
    repository = registry.new_repository()
    for number in range(10):
        image_factory(registry, repository, f"1.{number}", layers=1, layer_size=100)
    mirror = make_mirror(repository)
    run_mirror(mirror)

    again = run_mirror(mirror)

    assert outcome(again) == {f"1.{number}": "same done" for number in range(10)}
    # Two pings, two lists, one question whether the source lists referrers, and two HEADs a tag.
    assert again.requests <= 2 * 10 + 5
    assert set(again.items.values_list("verified", flat=True)) == {Verdict.EQUAL}


def test_changed_tag_alone_is_moved(
    registry, second_registry, image_factory, make_mirror, run_mirror
):
    repository = registry.new_repository()
    for tag in ("1.0", "1.1"):
        image_factory(registry, repository, tag)
    mirror = make_mirror(repository)
    run_mirror(mirror)
    changed = image_factory(registry, repository, "1.1")

    run = run_mirror(mirror)

    assert outcome(run) == {"1.0": "same done", "1.1": "changed done"}
    assert second_registry.digest_of(repository, "1.1") == changed.digest
    item = run.items.get(tag="1.1")
    assert item.target_digest
    assert item.target_digest != item.copied_digest == changed.digest


def test_poisoned_tag_stops_no_other(
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
    assert run.items.get(tag="bad").error["message"]
    assert second_registry.digest_of(repository, "bad") is None
    for image in good:
        assert second_registry.digest_of(repository, image.tag) == image.digest


def test_one_digest_of_many_tags_moves_once_and_each_further_tag_is_one_put(
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


def test_blob_that_several_repositories_want_is_downloaded_once_and_mounted(
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


def test_known_blob_that_is_gone_is_brought_again(
    registry, own_registry, image_factory, make_mirror, run_mirror, team
):
    from transfers.models import KnownBlob

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


def test_bytes_of_images_that_have_not_begun_are_guessed_from_those_that_have(
    registry, image_factory, make_mirror, run_mirror, monkeypatch
):
    repository = registry.new_repository()
    for number in range(5):
        image_factory(registry, repository, f"1.{number}", layers=1, layer_size=50_000)
    expected = []

    def tick(work):
        ticked(work)
        if work.mover is not None:
            expected.append(work.mover.totals()[1] + work.mover.to_come())

    ticked = Work.tick
    monkeypatch.setattr(Work, "tick", tick)
    monkeypatch.setattr(phases, "_GROUPS", 1)

    run = run_mirror(make_mirror(repository))

    assert expected[0] == pytest.approx(run.bytes_total, rel=0.3)
    assert expected[-1] == run.bytes_total
    assert run.progress["to_come"] == 0


def test_index_moves_whole(registry, second_registry, image_factory, make_mirror, run_mirror):
    repository = registry.new_repository()
    image = image_factory(
        registry, repository, platforms=["linux/amd64", "linux/arm64"], attestation=True
    )
    run = run_mirror(make_mirror(repository))
    assert run.state == State.SUCCEEDED
    assert second_registry.digest_of(repository, "1.0") == image.digest


def test_chosen_platforms_make_an_index_of_their_own_that_is_the_same_next_time(
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
    assert outcome(again) == {"1.0": "same done"}
    MirrorItem.objects.all().delete()
    assert outcome(run_mirror(mirror)) == {"1.0": "same done"}


def test_image_of_another_platform_is_left_out_with_the_reason(
    registry, second_registry, image_factory, make_mirror, run_mirror
):
    repository = registry.new_repository()
    image_factory(registry, repository, platform="linux/s390x")
    run = run_mirror(make_mirror(repository, platforms=["linux/amd64"]))
    assert outcome(run) == {"1.0": "skipped done"}
    assert "linux/s390x" in run.items.get().reason
    assert second_registry.tags(repository) == []


def test_target_that_differs_is_kept_where_the_rule_says_so(
    registry, second_registry, image_factory, make_mirror, run_mirror
):
    repository = registry.new_repository()
    image_factory(registry, repository)
    theirs = image_factory(second_registry, repository)
    run = run_mirror(make_mirror(repository, existing="keep"))
    assert outcome(run) == {"1.0": "skipped done"}
    assert second_registry.digest_of(repository, "1.0") == theirs.digest


def test_target_that_differs_is_backed_up_first(
    registry, second_registry, image_factory, make_mirror, run_mirror
):
    repository = registry.new_repository()
    ours = image_factory(registry, repository)
    theirs = image_factory(second_registry, repository)
    run = run_mirror(make_mirror(repository, existing="backup"))
    assert outcome(run) == {"1.0": "changed done"}
    backup = next(tag for tag in second_registry.tags(repository) if tag.startswith("1.0.backup-"))
    assert second_registry.digest_of(repository, backup) == theirs.digest
    assert second_registry.digest_of(repository, "1.0") == ours.digest
    assert backup in run.items.get().reason


def test_glob_takes_every_repository_that_matches(
    registry, second_registry, image_factory, make_mirror, run_mirror
):
    names = [registry.new_repository("globbed") for _number in range(2)]
    for name in names:
        image_factory(registry, name, layers=1, layer_size=50)
    run = run_mirror(make_mirror("globbed/*"))
    assert run.state == State.SUCCEEDED
    assert {item.source_repository for item in run.items.all()} >= set(names)


def test_names_at_the_target_follow_the_rule(
    registry, second_registry, image_factory, make_mirror, run_mirror
):
    repository = registry.new_repository()
    image = image_factory(registry, repository)
    run_mirror(make_mirror(repository, naming={"kind": "prefix", "prefix": "mirrored"}))
    assert second_registry.digest_of(f"mirrored/{repository}", "1.0") == image.digest


def test_collision_of_names_copies_nothing(
    registry, second_registry, image_factory, make_mirror, run_mirror
):
    for namespace in ("left", "right"):
        image_factory(registry, f"{namespace}-collides/app-collides", layers=1, layer_size=50)
    run = run_mirror(make_mirror("*/app-collides", naming={"kind": "flatten"}))
    assert run.state == State.FAILED
    assert run.error["kind"] == "NamingCollision"
    assert second_registry.tags("app-collides") == []


def test_missing_named_tag_fails_alone(registry, image_factory, make_mirror, run_mirror):
    repository = registry.new_repository()
    image_factory(registry, repository)
    run = run_mirror(make_mirror(repository, selection={"tags": ["1.0", "9.9"]}))
    assert outcome(run) == {"1.0": "new done", "9.9": "new failed"}


def test_missing_repository_fails_alone(registry, image_factory, make_mirror, run_mirror):
    repository = registry.new_repository()
    image_factory(registry, repository)
    run = run_mirror(make_mirror(repository, "tests/nothing-here"))
    assert run.state == State.FAILED
    assert run.items.get(source_repository="tests/nothing-here").error
    assert run.items.get(source_repository=repository).state == ItemState.DONE


def test_plan_moves_nothing_and_tells_the_bytes(
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


def test_plan_is_run_as_shown(registry, second_registry, image_factory, make_mirror, plan_mirror):
    from transfers.mirrors.services import run_here, run_plan

    repository = registry.new_repository()
    planned = image_factory(registry, repository, "1.0")
    image_factory(registry, repository, "1.1")
    plan = plan_mirror(make_mirror(repository))
    image_factory(registry, repository, "1.1")
    image_factory(registry, repository, "1.2")

    run = run_here(run_plan(plan=plan, user=None, enqueue=False))

    assert outcome(run) == {"1.0": "new done", "1.1": "skipped done"}
    assert second_registry.digest_of(repository, "1.0") == planned.digest
    assert second_registry.tags(repository) == ["1.0"]


def test_extras_are_kept_and_counted_unless_asked(
    registry, second_registry, image_factory, make_mirror, run_mirror
):
    repository = registry.new_repository()
    image_factory(registry, repository)
    image_factory(second_registry, repository, "old")
    run = run_mirror(make_mirror(repository))
    assert outcome(run) == {"1.0": "new done", "old": "extra waiting"}
    assert second_registry.tags(repository) == ["1.0", "old"]
    assert MirrorPair.objects.get().extra == 1


def test_extras_are_deleted_where_the_rule_says_so(
    registry, second_registry, image_factory, make_mirror, run_mirror
):
    repository = registry.new_repository()
    image_factory(registry, repository)
    image_factory(second_registry, repository, "old")
    run = run_mirror(make_mirror(repository, delete_extras=True))
    assert outcome(run) == {"1.0": "new done", "old": "extra done"}
    assert second_registry.digest_of(repository, "old") is None
    assert run.totals["deleted"] == 1


def test_more_extras_than_the_cap_are_not_deleted_at_all(
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


def test_nothing_is_deleted_where_the_source_has_no_list(
    registry, second_registry, image_factory, make_mirror, run_mirror
):
    repository = registry.new_repository()
    image_factory(second_registry, repository, "precious")
    run = run_mirror(make_mirror(repository, delete_extras=True))
    assert run.state == State.FAILED
    assert second_registry.tags(repository) == ["precious"]


def test_retry_takes_what_failed_and_nothing_else(
    own_registry, second_registry, image_factory, make_mirror, run_mirror
):
    from transfers.mirrors.services import retry_failed, run_here

    repository = own_registry.new_repository()
    image_factory(own_registry, repository, "1.0")
    bad = image_factory(own_registry, repository, "bad")
    healed = own_registry.corrupt_blob(bad.layers[0])
    run = run_mirror(make_mirror(repository, source=own_registry))
    healed()

    again = run_here(retry_failed(run=run, user=None, enqueue=False))

    assert outcome(again) == {"bad": "new done"}
    assert again.retry_of == run
    assert second_registry.digest_of(repository, "bad") == bad.digest


def test_drift_board_says_how_far_apart_both_sides_are(
    registry, second_registry, image_factory, make_mirror, plan_mirror, run_mirror
):
    repository = registry.new_repository()
    for tag in ("1.0", "1.1", "1.2"):
        image_factory(registry, repository, tag, layers=1, layer_size=50)
    image_factory(second_registry, repository, "1.1", layers=1, layer_size=50)
    image_factory(second_registry, repository, "9.9", layers=1, layer_size=50)
    mirror = make_mirror(repository)

    plan_mirror(mirror)
    pair = MirrorPair.objects.get()
    assert (pair.same, pair.missing, pair.differing, pair.extra, pair.behind) == (0, 2, 1, 1, 3)
    assert pair.verified_at is None

    run_mirror(mirror)
    pair = MirrorPair.objects.get()
    assert (pair.same, pair.missing, pair.differing, pair.extra) == (3, 0, 0, 1)
    assert pair.verified_at
    assert not pair.is_in_sync


def test_same_rule_never_runs_twice_at_a_time(registry, make_mirror):
    from transfers.mirrors.services import MirrorBusy, start_plan, start_run

    mirror = make_mirror("tests/busy")
    first = start_run(mirror=mirror, user=None, enqueue=False)
    with pytest.raises(MirrorBusy) as caught:
        start_run(mirror=mirror, user=None, enqueue=False)
    assert caught.value.run == first
    assert start_plan(mirror=mirror, user=None, enqueue=False).is_plan


def test_registry_that_a_mirror_uses_is_not_removed_and_the_mirror_is_named(alice, make_mirror):
    mirror = make_mirror("tests/needed")
    with pytest.raises(ValidationError, match=mirror.name):
        remove_registry(registry=mirror.target_registry, user=alice)
    assert mirror.__class__.objects.filter(pk=mirror.pk).exists()


def test_team_goes_with_its_mirrors(team, make_mirror):
    mirror = make_mirror("tests/needed")
    team.delete()
    assert not mirror.__class__.objects.exists()
