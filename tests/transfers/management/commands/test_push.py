import pytest

from tests.transfers.management.command_result import CommandResult, short_digests

pytestmark = pytest.mark.django_db(transaction=True)


def test_push_prints_as_docker_push_does_and_another_client_finds_it(
    team, registry, image_factory, skopeo
):
    image = image_factory(registry, layers=2)
    CommandResult("pull", image.reference, "--now", "--plain-http")
    repository = registry.new_repository()
    target = f"{registry.host}/{repository}:v1.0"
    CommandResult("tag", image.reference, target)

    ran = CommandResult("push", target, "--now", "--plain-http")

    assert (ran.status, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[0] == f"The push refers to repository [{registry.host}/{repository}]"
    assert lines[-1] == f"v1.0: digest: {image.digest} size: {image.built.size}"
    assert all(
        any(line.startswith(f"{short}: ") for line in lines)
        for short in short_digests(image.layers)
    )
    assert skopeo.inspect(registry, repository, "v1.0")["Digest"] == image.digest
