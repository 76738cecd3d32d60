"""The configuration of gunicorn."""

import gc
import os
import runpy
import signal
import subprocess
import sys

import pytest
from environs import EnvError

from registry_ui import gunicorn
from tests.parts.workers import ROOT

# A worker of a master that has (or has not) ended; it prints the signal that it gets then.
WORKER = """
import ctypes, os, sys
from types import SimpleNamespace
from registry_ui.gunicorn import post_fork

post_fork(SimpleNamespace(pid=int(sys.argv[1])), None)
number = ctypes.c_int()
ctypes.CDLL(None).prctl(2, ctypes.byref(number))  # PR_GET_PDEATHSIG of prctl(2)
print(number.value)
"""


def configuration():
    return runpy.run_module("registry_ui.gunicorn")


def worker_of(master):
    return subprocess.run(
        [sys.executable, "-c", WORKER, str(master)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.processes
def test_a_worker_gets_sigkill_when_its_master_ends():
    done = worker_of(os.getpid())

    assert (done.returncode, done.stdout.strip()) == (0, str(int(signal.SIGKILL)))


@pytest.mark.processes
def test_a_worker_ends_when_its_master_has_ended_before():
    done = worker_of(1)

    assert (done.returncode, done.stdout) == (1, "")


@pytest.mark.processes
def test_gunicorn_accepts_the_configuration():
    command = [sys.executable, "-m", "gunicorn", "--config", "python:registry_ui.gunicorn"]
    done = subprocess.run(
        [*command, "--check-config"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr


def test_the_settings_of_the_environment_are_taken(monkeypatch):
    monkeypatch.setenv("REGISTRY_UI_LISTEN", "[::1]:9000")
    monkeypatch.setenv("REGISTRY_UI_WEB_PROCESSES", "7")
    monkeypatch.setenv("REGISTRY_UI_WEB_THREADS", "3")
    monkeypatch.setenv("REGISTRY_UI_ACCESS_LOG", "true")

    values = configuration()

    assert (values["bind"], values["workers"], values["threads"]) == ("[::1]:9000", 7, 3)
    assert values["accesslog"] == "-"


def test_there_is_no_access_log_and_at_most_four_processes_by_default():
    values = configuration()

    assert values["accesslog"] is None
    assert 1 <= values["workers"] <= 4


@pytest.mark.parametrize("name", ["WEB_PROCESSES", "WEB_THREADS"])
@pytest.mark.parametrize("value", ["0", "many"])
def test_numbers_that_are_none_are_refused(monkeypatch, name, value):
    monkeypatch.setenv(f"REGISTRY_UI_{name}", value)

    with pytest.raises(EnvError, match=name):
        configuration()


def test_a_worker_leaves_the_loaded_program_out_of_garbage_collections():
    try:
        gunicorn.post_worker_init(None)
        assert gc.get_freeze_count() > 10_000
    finally:
        gc.unfreeze()
