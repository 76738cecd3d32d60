"""The product's supervisor as a process, and the processes that it leaves."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.parts import database
from tests.parts.processes import Process, free_port, is_running
from tests.parts.workers import ROOT

# Programs of a supervisor.
SLEEPS = "import os, time; print('pid', os.getpid()); time.sleep(600)"
STUBBORN = (
    "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    "print('pid', os.getpid()); time.sleep(600)"
)


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


def pids_of(process, name):
    """Return the ids that a program of a supervisor printed, one for each start."""
    return [int(pid) for pid in re.findall(rf"{name} +\| pid (\d+)", process.output)]
