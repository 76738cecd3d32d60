import os
import pty
import signal
import subprocess
import sys

import pytest

from registry_ui.images.models import LocalImage
from tests.parts.processes import wait_until
from tests.parts.slow_line import slow_line
from tests.parts.workers import ROOT, product_environment
from transfers import services
from transfers.models import State, Transfer

pytestmark = pytest.mark.django_db(transaction=True)


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
