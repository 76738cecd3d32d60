"""The process of a program: its output and its end."""

import io
import sys
import time

import pytest

from registry_ui.supervisor.console import Console
from registry_ui.supervisor.process import Child, describe
from registry_ui.supervisor.programs import Program
from tests.parts.processes import is_running, wait_until
from tests.parts.supervisors import SLEEPS, STUBBORN, pids_of, remaining_processes

TALKS = (
    "import sys, time; sys.stdout.write('x' * 200000 + '\\nafter\\nno end of line'); "
    "sys.stdout.flush(); time.sleep(600)"
)


def test_programs_end_with_a_killed_supervisor(watch, mark):
    supervisor = watch(("stubborn", STUBBORN, 0), ("sleeper", SLEEPS, 1))
    supervisor.wait_for(lambda: pids_of(supervisor, "stubborn") and pids_of(supervisor, "sleeper"))

    supervisor.kill()

    wait_until(lambda: not remaining_processes(mark), seconds=5)


def test_long_lines_are_printed_in_parts(watch):
    supervisor = watch(("talker", TALKS, 0))

    supervisor.wait_for(lambda: "talker     | after" in supervisor.output)

    assert supervisor.output.count("x") == 200000
    assert all(line.startswith("talker     | ") for line in supervisor.output.splitlines())
    supervisor.stop()
    assert "talker     | no end of line" in supervisor.output


@pytest.mark.parametrize(
    ("status", "words"),
    [(0, "ended with status 0"), (3, "ended with status 3"), (-9, "was killed by SIGKILL")],
)
def test_an_exit_status_is_told_in_words(status, words):
    assert describe(status) == words


def child(code="", **options):
    """Return a program that is not started, and the stream of its output."""
    stream = io.StringIO()
    program = Program("child", [sys.executable, "-c", code], 1, 0, **options)
    return Child(program, Console(stream)), stream


def test_the_pause_doubles_to_half_a_minute_and_is_short_again_after_a_healthy_run():
    early, _stream = child()
    early._started_at = time.monotonic()
    assert [early.schedule_restart() for _end in range(8)] == [0.5, 1, 2, 4, 8, 16, 30, 30]

    early._started_at -= 60
    assert early.schedule_restart() == 0.5
    assert time.monotonic() < early.start_at <= time.monotonic() + 0.5


@pytest.mark.processes
def test_hidden_and_empty_lines_are_not_printed():
    talker, stream = child("print('a hidden b\\n\\nshown')", hidden="hidden")
    talker.start()
    wait_until(lambda: talker.has_ended)

    assert talker.reap() == 0
    assert stream.getvalue() == "child      | shown\n"
    assert not talker.is_running


@pytest.mark.processes
def test_an_ended_program_takes_its_own_processes_along():
    parent, stream = child(
        "import subprocess, sys; "
        "print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']).pid)"
    )
    parent.start()
    wait_until(lambda: parent.has_ended)
    parent.reap()

    started = int(stream.getvalue().partition("| ")[2])
    wait_until(lambda: not is_running(started), seconds=5)
