"""An installation of the product with its own data folder, used from outside only."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.parts.processes import Process, free_port

ROOT = Path(__file__).resolve().parent.parent
_TEAM = """
from registry_ui.accounts.models import Membership, Team, User
from registry_ui.accounts.team_extensions import set_up_team
team, _ = Team.objects.get_or_create(name="Bench", slug="bench")
set_up_team(team)
user = User.objects.create_user("bench", password="bench")
Membership.objects.create(team=team, user=user, role="admin")
"""
_REGISTRY = """
from registry_ui.accounts.models import Team
from registry_ui.registries.models import Registry
team = Team.objects.get(slug="bench")
Registry.objects.create(team=team, name="Bench", host={host!r}, security="plain_http")
"""
_SESSION = """
from django.conf import settings
from django.test import Client
from registry_ui.accounts.models import User
client = Client()
client.force_login(User.objects.get(username="bench"))
print(settings.SESSION_COOKIE_NAME, client.cookies[settings.SESSION_COOKIE_NAME].value)
"""


class Installation:
    """An installation in a data folder, with a port of its own."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    @classmethod
    def prepared(cls, data: Path) -> "Installation":
        """Return an installation with a database and the team `bench`."""
        installation = cls(data)
        installation.manage("migrate", "--verbosity=0")
        installation.manage("shell", "--verbosity=0", "-c", _TEAM)
        return installation

    def copy_to(self, data: Path) -> "Installation":
        shutil.copytree(self.data, data)
        return Installation(data)

    def environment(self) -> dict[str, str]:
        # Settings of the shell must not reach the measured installation.
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("REGISTRY_UI_", "DJANGO_"))
        }
        settings = {
            "REGISTRY_UI_DATA": str(self.data),
            "REGISTRY_UI_LISTEN": f"127.0.0.1:{self.port}",
            "REGISTRY_UI_WORKERS": "1",
            "REGISTRY_UI_MIRROR_WORKERS": "1",
        }
        return {**inherited, **settings}

    def manage(self, *arguments: str) -> str:
        command = [sys.executable, str(ROOT / "manage.py"), *arguments]
        done = subprocess.run(  # noqa: S603
            command, env=self.environment(), capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"manage.py {' '.join(arguments)}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def timed(self, *arguments: str) -> tuple[float, float]:
        """Run a transfer command with `--now`.

        Returns:
            The seconds of the job alone, as its row has them, and of the whole command.
        """
        started = time.perf_counter()
        self.manage(*arguments, "--now", "--plain-http", "--team", "bench")
        whole = time.perf_counter() - started
        return self.last_transfer()["seconds"], whole

    def last_transfer(self) -> dict[str, Any]:
        with sqlite3.connect(self.data / "registry-ui.sqlite3") as database:
            query = (
                "SELECT state, started_at, finished_at, error FROM transfers_transfer "
                "ORDER BY created_at DESC LIMIT 1"
            )
            state, started, finished, error = database.execute(query).fetchone()
        return {
            "state": state,
            "seconds": seconds_between(started, finished),
            "error": json.loads(error) if error else None,
        }

    def last_index_seconds(self) -> float:
        with sqlite3.connect(self.data / "registry-ui.sqlite3") as database:
            query = (
                "SELECT started_at, finished_at FROM catalog_indexrun "
                "ORDER BY created_at DESC LIMIT 1"
            )
            return seconds_between(*database.execute(query).fetchone())

    def add_registry(self, host: str) -> None:
        self.manage("shell", "--verbosity=0", "-c", _REGISTRY.format(host=host))

    def session_cookie(self) -> tuple[str, str]:
        name, value = self.manage("shell", "--verbosity=0", "-c", _SESSION).split()
        return name, value

    def start(self) -> Process:
        """Start the whole product under its supervisor, with one worker."""
        command = [
            "/usr/bin/env",
            "-i",
            *(f"{name}={value}" for name, value in self.environment().items()),
        ]
        process = Process(
            [*command, sys.executable, "-m", "registry_ui.supervisor"],
            log=self.data.parent / "product.log",
            directory=ROOT,
        )
        process.wait_for(lambda: "Registry UI is ready" in process.output, seconds=90)
        return process


def seconds_between(started: str, finished: str | None) -> float:
    if not finished:
        return 0.0
    return (datetime.fromisoformat(finished) - datetime.fromisoformat(started)).total_seconds()
