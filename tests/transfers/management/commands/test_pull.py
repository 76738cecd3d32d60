import io
import json
import os
import pty
import signal
import subprocess
import sys
import uuid

import pytest
from django.core.management import call_command

from registry_ui.images.models import LocalImage
from registry_ui.oci.digest import Digest
from tests.parts.error_texts import stored_error
from tests.parts.processes import wait_until
from tests.parts.slow_line import slow_line
from tests.parts.workers import ROOT, product_environment
from tests.transfers.conftest import add_credential
from tests.transfers.rows import publish_row, transfer_row
from transfers import services
from transfers.models import Kind, State, Transfer

pytestmark = pytest.mark.django_db(transaction=True)


class CommandResult:
    """The output of a command on both streams, and its exit status."""

    def __init__(self, *arguments):
        out, err = io.StringIO(), io.StringIO()
        try:
            call_command(*arguments, stdout=out, stderr=err)
            self.status = 0
        except SystemExit as exc:
            self.status = exc.code
        self.out, self.err = out.getvalue(), err.getvalue()


def short_digests(digests):
    return [Digest.parse(digest).short for digest in digests]


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


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("Nginx", "upper-case"),
        ("https://nginx", "is a URL"),
        ("nginx@sha256:abc", "is not a digest"),
        ("a b", "no spaces"),
    ],
)
def test_a_malformed_reference_makes_no_transfer(team, reference, expected):
    ran = CommandResult("pull", reference, "--now")

    assert ran.status == 1
    assert expected in ran.err
    assert not Transfer.objects.exists()


def test_an_unknown_platform_is_named(team):
    ran = CommandResult("pull", "nginx", "--platform", "toaster", "--now")
    assert ran.status == 1
    assert "toaster" in ran.err


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


def test_with_several_teams_one_must_be_named(team, other_team):
    ran = CommandResult("pull", "nginx", "--now")
    assert ran.status == 1
    assert "harbour, lighthouse" in ran.err

    unknown = CommandResult("pull", "nginx", "--now", "--team", "nobody")
    assert unknown.status == 1
    assert "nobody" in unknown.err


def test_a_named_team_gets_the_image(team, other_team, registry, image_factory):
    image = image_factory(registry)
    assert (
        CommandResult(
            "pull", image.reference, "--now", "--plain-http", "--team", "lighthouse"
        ).status
        == 0
    )
    assert LocalImage.objects.get().team == other_team


def test_without_a_team_it_says_how_to_begin(db):
    ran = CommandResult("pull", "nginx", "--now")
    assert ran.status == 1
    assert "no team" in ran.err


def test_credentials_that_fit_equally_well_must_be_selected(
    team, htpasswd_registry, add_registry, image_factory
):
    image = image_factory(htpasswd_registry)
    row = add_registry(team, htpasswd_registry, with_credential=False)
    for label in ("first", "second"):
        add_credential(row, htpasswd_registry.username, htpasswd_registry.password, label=label)

    ran = CommandResult("pull", image.reference, "--now")
    assert ran.status == 1
    assert "--credential 'first' --credential 'second'" in ran.err

    assert CommandResult("pull", image.reference, "--now", "--credential", "second").status == 0
    assert Transfer.objects.get().source_credential.label == "second"


def test_an_unknown_credential_names_those_that_there_are(team, htpasswd_registry, add_registry):
    add_registry(team, htpasswd_registry)
    ran = CommandResult("pull", f"{htpasswd_registry.host}/x:1", "--now", "--credential", "nope")
    assert ran.status == 1
    assert htpasswd_registry.username in ran.err
    assert htpasswd_registry.password not in ran.err + ran.out


def test_detach_prints_the_id_and_leaves_the_work_to_a_worker(team):
    ran = CommandResult("pull", "nginx:1.27", "--detach")

    assert ran.status == 0
    assert Transfer.objects.get(pk=uuid.UUID(ran.out.strip())).state == State.QUEUED


def test_a_command_waits_for_a_real_worker(team, registry, add_registry, image_factory, manage):
    add_registry(team, registry)
    image = image_factory(registry)
    manage.start_worker()

    command = manage.start("pull", image.reference)

    assert command.popen.wait(60) == 0, command.output
    assert f"Digest: {image.digest}" in command.output
    assert Transfer.objects.get().worker


def test_without_a_worker_it_says_so_and_ctrl_c_cancels(team, manage):
    command = manage.start("pull", "registry.example.com/x:1")
    command.wait_for(lambda: "No worker is running." in command.output, seconds=60)
    assert "--now" in command.output

    assert command.stop(number=signal.SIGINT, seconds=30) == 130
    assert Transfer.objects.get().state == State.CANCELLED
    assert "Cancelled." in command.output


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_stops_the_work_in_this_process(team, registry, image_factory, manage, number):
    image = image_factory(registry, layers=1, layer_size=4 * 1024 * 1024)
    with slow_line(registry.port, 200_000) as line:
        command = manage.start(
            "pull", f"{line.host}/{image.repository}:{image.tag}", "--now", "--plain-http"
        )
        command.wait_for(lambda: "Pulling\n" in command.output, seconds=60)

        assert command.stop(number=number, seconds=30) == 130

    assert Transfer.objects.get().state == State.CANCELLED
    assert "Cancelled." in command.output
    assert "Traceback" not in command.output
    assert not LocalImage.objects.exists()


def test_a_transfer_that_somebody_cancels_ends_with_status_1(team, bob, manage):
    command = manage.start("pull", "registry.example.com/x:1")
    wait_until(Transfer.objects.exists, seconds=60)

    services.cancel(Transfer.objects.get(), None)

    assert command.popen.wait(30) == 1
    assert "Cancelled." in command.output


def test_on_a_terminal_the_lines_are_drawn_again_in_place(team, registry, image_factory, manage):
    image = image_factory(registry, layers=2, layer_size=1024 * 1024)
    with slow_line(registry.port, 300_000) as line:
        output = run_on_a_terminal(
            "pull", f"{line.host}/{image.repository}:{image.tag}", "--now", "--plain-http"
        )

    assert "\x1b[J" in output
    assert "Pulling [" in output
    assert output.rstrip().splitlines()[-3].strip() == f"Digest: {image.digest}"


def run_on_a_terminal(*arguments):
    controller, terminal = pty.openpty()
    environment = {**product_environment(), "COLUMNS": "100", "LINES": "30"}
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    process = subprocess.Popen(
        command, stdin=terminal, stdout=terminal, stderr=terminal, env=environment, cwd=ROOT
    )
    os.close(terminal)
    chunks = []
    while True:
        try:
            chunk = os.read(controller, 4096)
        except OSError:
            break
        chunks.append(chunk)
    os.close(controller)
    assert process.wait(60) == 0
    return b"".join(chunks).decode()


def test_transfers_are_listed_newest_first(team, bob):
    transfer_row(team, bob, state=State.SUCCEEDED, age=3600)
    newest = publish_row(team, state=State.FAILED)

    heading, first, second = CommandResult("transfers").out.splitlines()

    assert heading.split() == ["ID", "KIND", "STATE", "IMAGE", "MOVED", "WHEN", "BY"]
    assert first.startswith(f"{newest.pk}   publish   failed")
    assert first.endswith("command line")
    assert "python:3.12-slim" in second
    assert second.endswith("bob")


def test_transfers_can_be_filtered_by_state_and_team(team, other_team):
    expected = transfer_row(team, state=State.FAILED)
    transfer_row(team)
    transfer_row(other_team, state=State.FAILED)

    lines = CommandResult("transfers", "--team", "harbour", "--state", "failed").out.splitlines()

    assert len(lines) == 2
    assert lines[1].startswith(str(expected.pk))


def test_transfers_as_json_are_an_object_a_line(team, bob):
    row = transfer_row(team, bob, state=State.FAILED, error=stored_error("No.", "Denied"))

    (document,) = [
        json.loads(line) for line in CommandResult("transfers", "--json").out.splitlines()
    ]

    assert document["id"] == str(row.pk)
    assert document["state"] == "failed"
    assert document["error"] == {
        **stored_error("No.", "Denied"),
        "message": "The engine build says: No.",
        "advice": "Look into the engine's log on its machine.",
    }
    assert document["requested_by"] == "bob"


def test_no_transfers_is_only_the_heading(team):
    assert CommandResult("transfers").out.split() == [
        "ID",
        "KIND",
        "STATE",
        "IMAGE",
        "MOVED",
        "WHEN",
        "BY",
    ]
