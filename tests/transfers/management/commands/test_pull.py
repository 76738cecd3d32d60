import pytest

from registry_ui.images.models import LocalImage
from tests.transfers.management.command_result import CommandResult, short_digests
from transfers.models import Kind, State, Transfer

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_pull_prints_as_docker_pull_does(team, registry, image_factory):
    image = image_factory(registry, "team/app", layers=2)

    ran = CommandResult("pull", image.reference, "--now", "--plain-http")

    assert (ran.status, ran.err) == (0, "")
    first, *middle, digest, status, name = ran.out.splitlines()
    assert first == "1.0: Pulling from team/app"
    assert {f"{short}: Pull complete" for short in short_digests(image.layers)} <= set(middle)
    assert (digest, status, name) == (
        f"Digest: {image.digest}",
        f"Status: Downloaded newer image for {image.reference}",
        image.reference,
    )
    row = Transfer.objects.get()
    assert (row.state, row.requested_by, row.kind) == (State.SUCCEEDED, "", Kind.PULL)


def test_a_second_pull_says_that_the_image_is_up_to_date(team, registry, image_factory):
    image = image_factory(registry, layers=1)
    CommandResult("pull", image.reference, "--now", "--plain-http")

    again = CommandResult("pull", image.reference, "--now", "--plain-http")

    assert f"{short_digests(image.layers)[0]}: Already exists" in again.out.splitlines()
    assert f"Status: Image is up to date for {image.reference}" in again.out.splitlines()


def test_a_pull_of_one_platform_prints_the_digest_that_docker_would(team, registry, image_factory):
    image = image_factory(registry, platforms=["linux/amd64", "linux/arm64"])

    ran = CommandResult(
        "pull", image.reference, "--now", "--plain-http", "--platform", "linux/arm64"
    )

    assert f"Digest: {image.digest}" in ran.out
    assert LocalImage.objects.get().platforms[0]["platform"] == "linux/arm64"


def test_a_tag_that_is_not_there_ends_with_cause_and_advice_on_the_error_stream(
    team, registry, image_factory
):
    image = image_factory(registry, "team/app", "1.0")

    ran = CommandResult("pull", f"{registry.host}/{image.repository}:nope", "--now", "--plain-http")

    assert ran.status == 1
    cause, advice = ran.err.splitlines()
    assert cause.startswith("Error: ")
    assert "nope" in cause
    assert advice
    assert "Digest:" not in ran.out


def test_an_unknown_platform_is_named(team):
    ran = CommandResult("pull", "nginx", "--platform", "toaster", "--now")
    assert ran.status == 1
    assert "toaster" in ran.err
