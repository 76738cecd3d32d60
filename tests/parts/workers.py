"""Real workers and the scheduler, on the test's database, queue and image store."""

import os
import sys
from pathlib import Path

from django.conf import settings
from django.db import connection

from .processes import Process

ROOT = Path(__file__).resolve().parent.parent.parent


def product_environment() -> dict[str, str]:
    """Return the environment of a process for the database and the store of the test."""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "REGISTRY_UI_TEST_DATABASE_NAME": str(connection.settings_dict["NAME"]),
        "REGISTRY_UI_TEST_IMAGES": str(settings.IMAGES_DIRECTORY),
        "PYTHONUNBUFFERED": "1",
    }


class ManageCommands:
    """Processes of `manage.py` commands, which are killed at the end of the test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.processes: list[Process] = []

    def start(self, *arguments: object, **environment: str) -> Process:
        log = self.folder / f"process-{len(self.processes)}.log"
        command = [sys.executable, ROOT / "manage.py", *(str(argument) for argument in arguments)]
        process = Process(
            command, log=log, environment={**product_environment(), **environment}, directory=ROOT
        )
        self.processes.append(process)
        return process

    def start_worker(self, queue: str = "transfers", **environment: str) -> Process:
        """Start a worker and wait until it is ready."""
        worker = self.start("rqworker", queue, **environment)
        worker.wait_for(lambda: "Listening on" in worker.output, seconds=60)
        return worker

    def stop(self) -> None:
        for process in self.processes:
            process.kill()
