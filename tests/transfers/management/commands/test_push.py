import pytest

from registry_ui.registries.models import Registry
from tests.transfers.conftest import add_credential
from tests.transfers.local_images import local_image
from tests.transfers.management.command_result import CommandResult, short_digests
from transfers.models import Kind, State, Transfer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def image(team):
    return local_image(team, "r.example.com/team/app:1.0")


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


def test_a_detached_push_waits_with_its_credential(team, image):
    row = Registry.objects.create(team=team, name="x", host="r.example.com")
    for label in ("first", "second"):
        add_credential(row, "robot", "x", label=label)

    ran = CommandResult("push", str(image.reference), "--detach", "--credential", "second")

    transfer = Transfer.objects.get()
    assert (ran.status, ran.out) == (0, f"{transfer.pk}\n")
    assert (transfer.kind, transfer.state) == (Kind.PUSH, State.QUEUED)
    assert transfer.target_credential.label == "second"


@pytest.mark.parametrize("reference", ["r.example.com/team/app:2.0", "Team/App", ""])
def test_an_image_that_is_not_local_is_not_pushed(team, image, reference):
    ran = CommandResult("push", reference, "--detach")

    assert (ran.status, ran.out) == (1, "")
    assert not Transfer.objects.exists()


def test_another_teams_image_is_not_pushed(team, other_team, image):
    ran = CommandResult("push", str(image.reference), "--detach", "--team", "lighthouse")

    assert ran.status == 1
    assert not Transfer.objects.exists()
