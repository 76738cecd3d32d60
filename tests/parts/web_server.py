"""The product's web process, on the test's database, queue and image store."""

import sys
from pathlib import Path

from .processes import Process, free_port, is_listening, wait_until
from .workers import ROOT, product_environment


class WebServer:
    """A gunicorn with its own port; image names on it begin with `.host`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.host = f"127.0.0.1:{self.port}"
        self.url = f"http://{self.host}"
        self.process: Process | None = None

    def start(self, *, processes: int = 1, **environment: str) -> None:
        """Start (again) on the same port."""
        address = {
            "REGISTRY_UI_LISTEN": self.host,
            "REGISTRY_UI_TEST_URL": self.url,
            "REGISTRY_UI_WEB_PROCESSES": str(processes),
        }
        command = [
            sys.executable,
            "-m",
            "gunicorn",
            "--config",
            ROOT / "registry_ui" / "gunicorn.py",
        ]
        environment = {
            **product_environment(),
            **address,
            "REGISTRY_UI_ACCESS_LOG": "true",
            **environment,
        }
        self.process = Process(
            command, log=self.folder / "web.log", environment=environment, directory=ROOT
        )
        self.process.wait_for(lambda: is_listening(self.port), seconds=60)

    @property
    def log(self) -> str:
        return self.process.output if self.process else ""

    def kill(self) -> None:
        """Send SIGKILL to the master; its workers end with it."""
        if self.process is not None:
            self.process.kill()
            wait_until(lambda: not is_listening(self.port), what="the end of its workers")

    def stop(self) -> None:
        if self.process is not None:
            self.process.stop()
