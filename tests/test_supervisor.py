"""The supervisor, with real processes that are killed."""

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import uuid
from contextlib import closing
from pathlib import Path

import pytest
import requests

from tests.parts import database
from tests.parts.processes import Process, free_port, is_running, wait_until
from tests.parts.slow_line import slow_line
from tests.parts.workers import ROOT

# The script of a supervisor, and the programs that it runs.
WATCHED = """
import sys
from registry_ui.supervisor.console import Console
from registry_ui.supervisor.programs import Program
from registry_ui.supervisor.loop import Supervisor

programs = [
    Program(name, [sys.executable, "-u", "-c", code], 1, order) for name, code, order in PROGRAMS
]
supervisor = Supervisor(programs, Console())
with supervisor.listening():
    supervisor.start_all()
    supervisor.watch()
    supervisor.stop()
"""
CREATE_TEAM = (
    "from registry_ui.accounts.models import Team; Team.objects.create(name='Team', slug='team')"
)
SLEEPS = "import os, time; print('pid', os.getpid()); time.sleep(600)"
ENDS = "import sys; print('ended'); sys.exit(3)"
STUBBORN = (
    "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    "print('pid', os.getpid()); time.sleep(600)"
)
TALKS = (
    "import sys, time; sys.stdout.write('x' * 200000 + '\\nafter\\nno end of line'); "
    "sys.stdout.flush(); time.sleep(600)"
)
IN_ORDER = (
    "import signal, sys, time; "
    "signal.signal(signal.SIGTERM, lambda *_: sys.exit(print('goodbye'))); "
    "print('up'); time.sleep(600)"
)


@pytest.fixture
def mark():
    """A mark in the environment of all processes of a test, by which they are found."""
    return uuid.uuid4().hex[:16]


def remaining_processes(mark):
    """Return the ids and command lines of processes with the mark.

    It is in their environment or in their current folder.
    """
    processes = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            # Valkey overwrites its environment with its title; its folder is below the product's.
            marked = mark.encode() in (folder / "environ").read_bytes() or mark in str(
                (folder / "cwd").readlink()
            )
            if marked and is_running(int(folder.name)):
                command_line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                processes.append((int(folder.name), command_line))
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
    return processes


@pytest.fixture
def watch(tmp_path, mark):
    """Return a function that runs a supervisor of small programs: (name, code, stop order)."""
    started = []

    def run(*programs):
        script = WATCHED.replace("PROGRAMS", json.dumps(programs))
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


def pids_of(process, name):
    return [int(pid) for pid in re.findall(rf"{name} +\| pid (\d+)", process.output)]


def test_a_killed_program_is_restarted(watch):
    supervisor = watch(("sleeper", SLEEPS, 0))
    supervisor.wait_for(lambda: pids_of(supervisor, "sleeper"))

    os.kill(pids_of(supervisor, "sleeper")[0], signal.SIGKILL)

    supervisor.wait_for(lambda: len(pids_of(supervisor, "sleeper")) == 2)
    assert "sleeper was killed by SIGKILL; it starts again in 0.5 s." in supervisor.output
    assert is_running(pids_of(supervisor, "sleeper")[1])


def test_the_pause_before_a_restart_grows(watch):
    supervisor = watch(("hasty", ENDS, 0), ("sleeper", SLEEPS, 0))

    supervisor.wait_for(
        lambda: "hasty ended with status 3; it starts again in 2 s." in supervisor.output
    )

    assert re.findall(r"again in ([\d.]+) s", supervisor.output) == ["0.5", "1", "2"]
    assert is_running(pids_of(supervisor, "sleeper")[0])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_each_stop_signal_stops_in_order(watch, mark, number):
    supervisor = watch(("queue", IN_ORDER, 3), ("web", IN_ORDER, 1), ("worker", IN_ORDER, 0))
    supervisor.wait_for(lambda: supervisor.output.count("| up") == 3)

    assert supervisor.stop(number=number) == 0

    assert re.findall(r"(\w+) +\| goodbye", supervisor.output) == ["worker", "web", "queue"]
    assert remaining_processes(mark) == []


def test_a_program_that_does_not_end_is_killed(watch, mark):
    supervisor = watch(("stubborn", STUBBORN, 0))
    supervisor.wait_for(lambda: pids_of(supervisor, "stubborn"))

    assert supervisor.stop() == 0

    assert remaining_processes(mark) == []


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


# --- the product


def product_environment(data, port, mark, **more):
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("REGISTRY_UI_", "DJANGO_"))
    }
    listen = f"127.0.0.1:{port}"
    return {
        **environment,
        "REGISTRY_UI_DATA": str(data),
        "REGISTRY_UI_LISTEN": listen,
        "REGISTRY_UI_MARK": mark,
        **more,
    }


class Product:
    """`python -m registry_ui.supervisor` on a data folder of its own."""

    def __init__(self, folder, mark):
        self.folder, self.mark, self.port = folder, mark, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.starts = 0

    def environment(self, **more):
        return product_environment(self.folder / "data", self.port, self.mark, **more)

    def start(self, *arguments):
        self.starts += 1
        log = self.folder / f"product-{self.starts}.log"
        # With `env -i`, because Process adds to the tests' own environment.
        variables = [f"{name}={value}" for name, value in self.environment().items()]
        self.process = Process(
            [
                "/usr/bin/env",
                "-i",
                *variables,
                sys.executable,
                "-m",
                "registry_ui.supervisor",
                *arguments,
            ],
            log=log,
            directory=ROOT,
        )
        return self.process

    def start_and_wait(self, *, migrated=True):
        """Start it and wait for its pages.

        With `migrated`, the first start has a copied database and needs no migrations.
        """
        database_file = self.folder / "data" / "registry-ui.sqlite3"
        if migrated and not database_file.exists():
            database_file.parent.mkdir(mode=0o700)
            database.copy_template(database_file)
        self.start()
        self.process.wait_for(lambda: "Registry UI is ready" in self.process.output, seconds=90)

    def run_again(self, **more):
        """Run the command again and wait for its end."""
        command = [sys.executable, "-m", "registry_ui.supervisor"]
        return subprocess.run(
            command,
            env=self.environment(**more),
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def manage(self, *arguments):
        command = [
            sys.executable,
            str(ROOT / "manage.py"),
            *(str(argument) for argument in arguments),
        ]
        done = subprocess.run(
            command,
            env=self.environment(),
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def command_lines(self, word):
        return [(pid, line) for pid, line in remaining_processes(self.mark) if word in line]


@pytest.fixture
def product(parts_folder, mark):
    # A short path, because the queue's socket is in the data folder.
    folder = parts_folder / mark
    folder.mkdir()
    running = Product(folder, mark)
    yield running
    running.process.kill()
    wait_until(lambda: not remaining_processes(mark), seconds=5)


def test_the_product_from_the_first_start_to_ctrl_c(product):
    product.start_and_wait(migrated=False)
    output = product.process.output

    link = re.search(r"http://\S+", output.partition("it works once")[2])
    assert link is not None
    assert requests.get(f"{product.url}/healthz", timeout=10).status_code == 200
    assert requests.get(link[0], timeout=10).status_code == 200
    assert len(product.command_lines("rqworker")) == 5
    assert (product.folder / "data").stat().st_mode & 0o077 == 0

    again = product.run_again()
    assert again.returncode == 1
    assert (
        f"runs already on {product.folder / 'data'} (process {product.process.pid})" in again.stderr
    )

    assert product.process.stop(number=signal.SIGINT, seconds=40) == 0
    assert remaining_processes(product.mark) == []
    assert "Traceback" not in product.process.output


def test_every_killed_program_is_restarted(product):
    product.start_and_wait()
    for word in ("rqworker", "valkey-server", "gunicorn", "scheduler"):
        kill_one(product, word)


def kill_one(product, word):
    before = {pid for pid, _ in product.command_lines(word)}
    killed, printed = min(before), len(product.process.output)

    os.kill(killed, signal.SIGKILL)

    wait_until(
        lambda: not is_running(killed) and len(product.command_lines(word)) == len(before),
        seconds=60,
        what=word,
    )
    wait_until(lambda: healthy(product.url), seconds=60, what=word)
    assert "was killed by SIGKILL; it starts again in 0.5 s." in product.process.output[printed:], (
        word
    )


def healthy(url):
    try:
        return requests.get(f"{url}/healthz", timeout=10).status_code == 200
    except requests.ConnectionError:
        return False


def test_the_product_ends_with_a_killed_supervisor(product):
    product.start_and_wait()
    assert len(remaining_processes(product.mark)) >= 6

    product.process.kill()

    wait_until(lambda: not remaining_processes(product.mark), seconds=5)
    product.start_and_wait()


def test_an_interrupted_transfer_continues_at_the_next_start(product, registry, image_factory):
    image = image_factory(registry, layers=2, layer_size=512 * 1024)
    product.start_and_wait()
    product.manage(
        "shell",
        "-c",
        CREATE_TEAM,
    )
    with slow_line(registry.port, 20_000) as line:
        name = f"{line.host}/{image.repository}:1.0"
        product.manage("pull", name, "--plain-http", "--detach")
        wait_until(lambda: line.count("GET", "/blobs/") >= 2, seconds=30)
        assert "running" in product.manage("transfers")

        product.process.kill()
        wait_until(lambda: not remaining_processes(product.mark), seconds=5)
        # The reconciler closes a row after 45 s without a heartbeat.
        age_heartbeat(product.folder / "data" / "registry-ui.sqlite3")

        line.bytes_per_second = None
        product.start_and_wait()
        wait_until(lambda: "succeeded" in product.manage("transfers"), seconds=120)
    assert image.repository in product.manage("images")
    assert "Every blob is what its name says" in product.manage("scrub_blobs")


def age_heartbeat(path):
    with closing(sqlite3.connect(path)) as rows, rows:
        changed = rows.execute(
            "UPDATE transfers_transfer SET heartbeat_at = datetime('now', '-1 minute') "
            "WHERE state = 'running'"
        )
        assert changed.rowcount == 1


@pytest.mark.parametrize(
    "name", ["with spaces a=b 50% #1 ? äöü 中文", "long" * 40], ids=["odd", "long"]
)
def test_the_data_folder_may_have_any_name(product, registry, image_factory, name):
    image = image_factory(registry, layers=1, layer_size=1024)
    product.folder = product.folder / name
    product.folder.mkdir()
    product.start_and_wait()
    product.manage(
        "shell",
        "-c",
        CREATE_TEAM,
    )

    product.manage("pull", f"{registry.host}/{image.repository}:1.0", "--plain-http")

    assert image.repository in product.manage("images")
    assert (product.folder / "data" / "registry-ui.sqlite3").exists()
    assert product.process.stop(seconds=40) == 0
    assert "Traceback" not in product.process.output


def test_a_port_in_use_names_the_setting(product, registry):
    product.port = registry.port
    product.start()

    assert product.process.popen.wait(30) == 1
    assert "REGISTRY_UI_LISTEN" in product.process.output
    assert "Traceback" not in product.process.output


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("REGISTRY_UI_LISTEN", "8000", "write an address and a port"),
        ("REGISTRY_UI_WORKERS", "0", "at least one worker"),
        ("REGISTRY_UI_MIRROR_WORKERS", "0", "at least one worker"),
        ("REGISTRY_UI_WORKERS", "many", "REGISTRY_UI_WORKERS"),
        ("REGISTRY_UI_ENV", "production", "Production does not start with these settings"),
        ("REGISTRY_UI_ENV", "prod", "Must be one of: development, production"),
        (
            "REGISTRY_UI_SECRET_KEY_FILE",
            "/nowhere/key",
            "REGISTRY_UI_SECRET_KEY_FILE is “/nowhere/key”",
        ),
        (
            "REGISTRY_UI_DATABASE_URL",
            "postgresql://user:secret@127.0.0.1:1/name",
            "Connection refused",
        ),
        ("REGISTRY_UI_REDIS_URL", "127.0.0.1:6379", "Not a URL such as redis://"),
        ("REGISTRY_UI_TIME_ZONE", "Mars/Olympus", "Not a time zone"),
        ("REGISTRY_UI_LOG_LEVEL", "loud", "Must be one of: DEBUG"),
        ("REGISTRY_UI_EMAIL_URL", "smtp.example.com", "smtp://user:password@host"),
        ("REGISTRY_UI_BLOB_WORKERS", "0", "greater than or equal to 1"),
        (
            "REGISTRY_UI_DATA",
            "/proc/registry-ui",
            "The data folder /proc/registry-ui cannot be made",
        ),
        ("REGISTRY_UI_DATA", "/dev/null", "The data folder /dev/null cannot be made"),
    ],
)
def test_an_invalid_setting_is_refused_with_a_message(product, name, value, sentence):
    product.process = product.start("--help")
    product.process.popen.wait(30)

    refused = product.run_again(**{name: value})

    assert refused.returncode == 1
    assert sentence in refused.stderr
    assert "Traceback" not in refused.stderr
    assert remaining_processes(product.mark) == []
