"""Parts that are not on this machine: their tests are skipped, each with the way to get them."""

import os
import shutil
from pathlib import Path

import pytest

from . import postgresql

CHROMIUM = Path("/usr/bin/chromium")


def need(program: str, package: str) -> None:
    """Skip unless a program is installed."""
    if shutil.which(program) is None:
        pytest.skip(f"{program} is missing: apt-get install {package} (make test does it for root)")


def need_docker_engine() -> None:
    need("dockerd", "docker.io")
    if os.getuid():
        pytest.skip("a Docker Engine runs only as root")


def need_chromium() -> None:
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is missing: apt-get install chromium (make test does it for root)")


def need_postgresql() -> None:
    if postgresql.program("initdb") is None:
        pytest.skip("initdb is missing: apt-get install postgresql (make test does it for root)")
