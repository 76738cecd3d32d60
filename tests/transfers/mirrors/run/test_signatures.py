import pytest

from tests.parts.images import build_image, push
from tests.transfers.mirrors.outcomes import outcome
from transfers.models import State

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def sign(registry, image) -> str:
    """Push a signature in cosign's older form: under a tag of its own."""
    tag = f"{image.digest.replace(':', '-')}.sig"
    push(registry, build_image(layers=1, layer_size=60), image.repository, tag)
    return tag


def test_signatures_are_skipped_where_the_mirror_says_so(
    registry, second_registry, image_factory, make_mirror, run_mirror
):
    repository = registry.new_repository()
    image = image_factory(registry, repository)
    tag = sign(registry, image)
    run_mirror(make_mirror(repository, referrers=False))
    assert second_registry.digest_of(repository, tag) is None


def test_a_signature_of_an_unselected_image_is_skipped(
    registry, second_registry, image_factory, make_mirror, run_mirror
):
    repository = registry.new_repository()
    image_factory(registry, repository, "1.0")
    tag = sign(registry, image_factory(registry, repository, "2.0"))
    run_mirror(make_mirror(repository, selection={"tags": ["1.*"]}))
    assert second_registry.tags(repository) == ["1.0"]
    assert tag


def test_a_signature_of_a_platform_is_copied_with_its_index(
    registry, second_registry, image_factory, make_mirror, run_mirror
):
    repository = registry.new_repository()
    image = image_factory(registry, repository, platforms=["linux/amd64", "linux/arm64"])
    tag = f"{image.children[0].digest.replace(':', '-')}.sig"
    push(registry, build_image(layers=1, layer_size=60), repository, tag)
    run_mirror(make_mirror(repository))
    assert second_registry.digest_of(repository, tag) == registry.digest_of(repository, tag)


def test_a_signature_of_a_named_tag_is_copied(
    registry, second_registry, image_factory, make_mirror, run_mirror
):
    repository = registry.new_repository()
    image = image_factory(registry, repository)
    tag = sign(registry, image)
    run_mirror(make_mirror(repository, selection={"tags": ["1.0"]}))
    assert second_registry.digest_of(repository, tag) == registry.digest_of(repository, tag)


def test_the_next_run_copies_a_later_signature_of_a_named_tag(
    registry, second_registry, image_factory, make_mirror, run_mirror
):
    repository = registry.new_repository()
    image = image_factory(registry, repository)
    mirror = make_mirror(repository, selection={"tags": ["1.0"]})
    run_mirror(mirror)
    tag = sign(registry, image)

    run = run_mirror(mirror)

    assert (run.state, outcome(run)["1.0"], outcome(run)[tag]) == (
        State.SUCCEEDED,
        "up_to_date done",
        "new done",
    )
    assert second_registry.digest_of(repository, tag) == registry.digest_of(repository, tag)
