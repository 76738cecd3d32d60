"""Fixtures of the supervisor's tests."""

import json
import sys
import uuid

import pytest

from tests.parts.processes import Process, wait_until
from tests.parts.supervisors import Product, remaining_processes
from tests.parts.workers import ROOT

# The script of a supervisor, and the programs that it runs.
WATCHED = """
import sys
from registry_ui.supervisor.console import Console
from registry_ui.supervisor.programs import Program
from registry_ui.supervisor.loop import Supervisor

never = lambda: False
programs = [
    Program(name, [sys.executable, "-u", "-c", code], STOP_SECONDS, order, never if late else None)
    for name, code, order, *late in PROGRAMS
]
supervisor = Supervisor(programs, Console())
with supervisor.listening():
    supervisor.start_all(seconds=0.3)
    supervisor.watch()
    supervisor.stop()
"""


@pytest.fixture
def mark():
    """A mark in the environment of all processes of a test, by which they are found."""
    return uuid.uuid4().hex[:16]


@pytest.fixture
def watch(tmp_path, mark):
    """Return a function that runs a supervisor of small programs: (name, code, stop order).

    A program with a fourth value never becomes ready.
    """
    started = []

    def run(*programs, stop_seconds=1):
        script = WATCHED.replace("PROGRAMS", json.dumps(programs))
        script = script.replace("STOP_SECONDS", str(stop_seconds))
        process = Process(
            [sys.executable, "-c", script],
            log=tmp_path / "watched.log",
            environment={"REGISTRY_UI_MARK": mark},
            directory=ROOT,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()


@pytest.fixture
def product(parts_folder, mark):
    # A short path, because the queue's socket is in the data folder.
    folder = parts_folder / mark
    folder.mkdir()
    running = Product(folder, mark)
    yield running
    running.process.kill()
    wait_until(lambda: not remaining_processes(mark), seconds=5)
