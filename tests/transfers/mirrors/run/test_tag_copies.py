import pytest

from registry_ui.web.errors import describe
from tests.transfers.mirrors.outcomes import outcome
from transfers.mirrors.models import ItemState, MirrorItem
from transfers.models import State

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
