import pytest

from registry_ui.images.models import LocalImage
from registry_ui.web.errors import describe
from transfers.models import State

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_pulled_tag_names_the_image_and_where_it_came_from(
    team, alice, pull, registry, add_registry, image_factory
):
    add_registry(team, registry)
    built = image_factory(registry)

    ended = pull(built.reference)

    image = LocalImage.objects.get()
    assert (ended.state, ended.digest) == (State.SUCCEEDED, built.digest)
    assert (image.digest, image.origin, image.created_by) == (
        built.digest,
        str(image.reference),
        alice,
    )


def test_a_name_that_moves_on_says_which_image_it_named_before(
    team, pull, registry, add_registry, image_factory
):
    add_registry(team, registry)
    first = image_factory(registry)
    pull(first.reference)
    repository = first.reference.rpartition(":")[0].partition("/")[2]
    image_factory(registry, repository, tag=first.reference.rpartition(":")[2])

    again = pull(first.reference)

    assert again.state == State.SUCCEEDED
    assert "was a name of image" in again.progress["note"]
    assert LocalImage.objects.count() == 1


def test_a_tag_that_the_registry_does_not_have_names_nothing(team, pull, registry, add_registry):
    add_registry(team, registry)

    ended = pull(f"{registry.host}/{registry.new_repository()}:1.0")

    assert ended.state == State.FAILED
    assert "has no" in describe(ended.error).sentence
    assert not LocalImage.objects.exists()
