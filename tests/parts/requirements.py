"""Programs that tests require: without them, the tests are skipped with advice."""

import os
import shutil
from pathlib import Path

import pytest

from . import postgresql

CHROMIUM = Path("/usr/bin/chromium")


def require_program(program: str, package: str) -> None:
    """Skip the test unless the program is installed."""
    if shutil.which(program) is None:
        pytest.skip(f"{program} is missing: apt-get install {package} (make test does it for root)")


def require_docker_engine() -> None:
    require_program("dockerd", "docker.io")
    if os.getuid():
        pytest.skip("a Docker Engine runs only as root")


def require_chromium() -> None:
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is missing: apt-get install chromium (make test does it for root)")


def require_postgresql() -> None:
    if postgresql.program("initdb") is None:
        pytest.skip("initdb is missing: apt-get install postgresql (make test does it for root)")
