import pytest

from registry_ui.web.errors import describe
from tests.transfers.mirrors.outcomes import outcome
from transfers.mirrors.models import VerificationResult

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
