import pytest

from registry_ui.images.models import LocalImage
from tests.transfers.local_images import local_image
from tests.transfers.management.command_result import CommandResult, short_digests
from transfers.models import State, Transfer

pytestmark = pytest.mark.django_db(transaction=True)


def test_tag_prints_the_one_image_id_of_both_names(team, registry, image_factory):
    image = image_factory(registry)
    CommandResult("pull", image.reference, "--now", "--plain-http")

    ran = CommandResult("tag", image.reference, "johndoe/my-app:v1.0")

    assert ran.status == 0
    image_id = short_digests([image.config])[0]
    assert ran.out == f"{image.reference} and johndoe/my-app:v1.0 are both image {image_id}.\n"
    assert set(LocalImage.objects.values_list("image_id", flat=True)) == {image.config}


def test_tag_says_when_it_takes_the_name_from_another_image(team, registry, image_factory):
    first, second = image_factory(registry), image_factory(registry)
    for image in (first, second):
        CommandResult("pull", image.reference, "--now", "--plain-http")
    CommandResult("tag", first.reference, "johndoe/my-app:v1.0")

    result = CommandResult("tag", second.reference, "johndoe/my-app:v1.0")

    assert (
        result.out.splitlines()[0]
        == f"johndoe/my-app:v1.0 was a name of image {short_digests([first.config])[0]} before."
    )


def test_tag_of_a_missing_image_fails(team):
    ran = CommandResult("tag", "my-app", "johndoe/my-app:v1.0")
    assert ran.status == 1
    assert ran.err.startswith("Error: There is no local image my-app:latest.")


def test_a_remote_tag_copies_nothing(team, registry, image_factory, skopeo):
    image = image_factory(registry)

    ran = CommandResult(
        "tag",
        image.reference,
        f"{registry.host}/{image.repository}:stable",
        "--remote",
        "--now",
        "--plain-http",
    )

    assert ran.status == 0, ran.err
    assert ran.out == f"stable: digest: {image.digest} size: {image.built.size}\n"
    assert skopeo.inspect(registry, image.repository, "stable")["Digest"] == image.digest
    assert not LocalImage.objects.exists()


@pytest.mark.parametrize(
    "target", ["r.example.com/other/app:1", f"r.example.com/app@sha256:{'a' * 64}"]
)
def test_a_remote_tag_stays_in_its_repository_and_is_no_digest(team, target):
    ran = CommandResult("tag", "r.example.com/app:1", target, "--remote", "--detach")

    assert (ran.status, ran.out) == (1, "")
    assert not Transfer.objects.exists()


def test_a_local_tag_that_fails_ends_with_status_1(team):
    # The row of an image whose manifest is not stored.
    local_image(team, "my-app:1")

    ran = CommandResult("tag", "my-app:1", "johndoe/my-app:1")

    assert Transfer.objects.get().state == State.FAILED
    assert (ran.status, ran.out) == (1, "")
    assert ran.err.startswith("Error: ")
