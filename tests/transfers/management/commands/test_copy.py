import pytest

from registry_ui.images.models import LocalImage
from tests.transfers.conftest import add_credential
from tests.transfers.management.command_result import CommandResult
from transfers.models import State, Transfer

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_copy_prints_both_names_and_ends_as_a_push_does(
    team, registry, second_registry, image_factory, skopeo
):
    image = image_factory(registry, platforms=["linux/amd64", "linux/arm64"])
    repository = second_registry.new_repository()

    ran = CommandResult(
        "copy",
        image.reference,
        f"{second_registry.host}/{repository}:v1.0",
        "--now",
        "--plain-http",
    )

    assert (ran.status, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[0] == f"{image.reference}: Copying to {second_registry.host}/{repository}:v1.0"
    assert lines[-1] == f"v1.0: digest: {image.digest} size: {image.built.size}"
    assert second_registry.digest_of(repository, "v1.0") == image.digest
    assert not LocalImage.objects.exists()


def test_a_copy_of_one_platform_says_that_the_digest_is_another_one(
    team, registry, second_registry, image_factory
):
    image = image_factory(registry, platforms=["linux/amd64", "linux/arm64"])
    target = f"{second_registry.host}/{second_registry.new_repository()}:1"

    ran = CommandResult(
        "copy", image.reference, target, "--now", "--plain-http", "--platform", "linux/arm64"
    )

    assert ran.status == 0, ran.err
    assert "the digest is another one" in ran.out
    assert image.digest not in ran.out.splitlines()[-1]


def test_a_copy_to_itself_is_refused(team, registry):
    ran = CommandResult("copy", f"{registry.host}/a:1", f"{registry.host}/a:1", "--now")
    assert ran.status == 1
    assert "cannot be copied to itself" in ran.err


@pytest.mark.parametrize("end", ["source", "target"])
def test_a_copy_says_at_which_endpoint_a_credential_must_be_selected(
    team, registry, htpasswd_registry, add_registry, image_factory, end
):
    add_registry(team, registry)
    row = add_registry(team, htpasswd_registry, with_credential=False)
    for label in ("first", "second"):
        add_credential(row, htpasswd_registry.username, htpasswd_registry.password, label=label)
    ambiguous, anonymous = (
        f"{htpasswd_registry.host}/{htpasswd_registry.new_repository()}:1",
        f"{registry.host}/{registry.new_repository()}:1",
    )
    source, target = (
        (image_factory(htpasswd_registry).reference, anonymous)
        if end == "source"
        else (image_factory(registry).reference, ambiguous)
    )

    ran = CommandResult("copy", source, target, "--now")
    assert ran.status == 1
    assert f"--{end}-credential 'first' --{end}-credential 'second'" in ran.err

    assert (
        CommandResult("copy", source, target, "--now", f"--{end}-credential", "second").status == 0
    )


def test_a_detached_copy_keeps_every_platform_and_has_no_user(team):
    ran = CommandResult("copy", "nginx:1.27", "r.example.com/nginx:1.27", "--detach")

    row = Transfer.objects.get()
    assert (ran.status, ran.out) == (0, f"{row.pk}\n")
    assert (row.platform, row.requested_by, row.state) == ("all", "", State.QUEUED)


@pytest.mark.parametrize(
    "arguments",
    [
        ["nginx", f"r.example.com/nginx@sha256:{'a' * 64}"],
        ["nginx", "r.example.com/nginx:1", "--platform", "toaster"],
        ["nginx", "r.example.com/nginx:1", "--target-credential", "nobody"],
        ["Nginx", "r.example.com/nginx:1"],
    ],
    ids=["digest", "platform", "credential", "reference"],
)
def test_bad_input_starts_no_copy(team, arguments):
    ran = CommandResult("copy", *arguments, "--detach")

    assert (ran.status, ran.out) == (1, "")
    assert ran.err.startswith("Error: ")
    assert not Transfer.objects.exists()
