import os
import pty
import signal
import subprocess
import sys
import threading

import pytest

from registry_ui.images.models import LocalImage
from registry_ui.oci.reference import Reference
from tests.parts.processes import wait_until
from tests.parts.slow_line import slow_line
from tests.parts.workers import ROOT, product_environment
from tests.transfers.rows import layer, transfer_row
from transfers import services
from transfers.command_wait import cancel_and_wait, run_in_thread, wait_for_end
from transfers.models import State, Transfer
from transfers.terminal import Screen

pytestmark = pytest.mark.django_db(transaction=True)


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


@pytest.fixture
def written():
    return []


@pytest.fixture
def screen(written):
    """Return a screen without a terminal, whose text is in `written`."""
    return Screen(written.append, None)


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


def test_a_transfer_that_has_ended_is_drawn_once_and_returned(team, screen, written):
    row = transfer_row(team, state=State.SUCCEEDED, layers=[layer(1, "done")])

    ended = wait_for_end(Transfer(pk=row.pk, state=State.QUEUED), screen)

    assert (ended, ended.state) == (row, State.SUCCEEDED)
    assert "".join(written).count("Pull complete") == 1


def test_the_wait_ends_with_the_thread_although_the_row_has_not(team, screen):
    row = transfer_row(team, state=State.RUNNING)

    assert wait_for_end(row, screen, is_alive=lambda: False).state == State.RUNNING


def test_the_end_of_a_thread_is_not_read_before_its_last_write(team, screen):
    row = transfer_row(team, state=State.RUNNING)

    def end_meanwhile():
        Transfer.objects.filter(pk=row.pk).update(state=State.FAILED)
        return False

    assert wait_for_end(row, screen, is_alive=end_meanwhile).state == State.FAILED


def test_a_queued_transfer_is_cancelled_without_a_wait(team):
    assert cancel_and_wait(transfer_row(team)).state == State.CANCELLED


def test_an_ended_transfer_is_returned_as_it_is(team):
    row = transfer_row(team, state=State.SUCCEEDED)

    assert cancel_and_wait(row).state == State.SUCCEEDED


def test_a_run_in_a_thread_returns_the_ended_row_and_leaves_no_thread(
    team, faulty_registry, screen
):
    transfer = services.start_pull(
        team=team, user=None, reference=Reference.parse(faulty_registry.reference), enqueue=False
    )

    ended = run_in_thread(transfer, screen)

    assert (ended.pk, ended.state) == (transfer.pk, State.SUCCEEDED), ended.error
    assert "transfer" not in {thread.name for thread in threading.enumerate()}
