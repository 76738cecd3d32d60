"""A PostgreSQL server for the tests, with `REGISTRY_UI_TEST_DATABASE=postgresql`."""

import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .processes import Process


def program(name: str) -> str | None:
    """Return a program of the newest installed version; Debian keeps them outside PATH."""
    versions = sorted(
        Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3])
    )
    return str(versions[-1]) if versions else shutil.which(name)


def _owner() -> str | None:
    """Return the user of the server; PostgreSQL refuses to run as root."""
    if os.getuid():
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


@contextmanager
def postgresql_in(folder: Path) -> Iterator[Path]:
    """Run a server with its socket in the folder; the superuser `postgres` has no password."""
    owner = _owner()
    data = folder / "data"
    _create_cluster(folder, data, owner)

    # Tests roll their transactions back; autovacuum would gather misleading statistics.
    settings = ["full_page_writes=off", "max_connections=60", "autovacuum=off"]
    options = [
        "-D",
        data,
        "-k",
        folder,
        "-h",
        "",
        "-F",
        *(word for setting in settings for word in ("-c", setting)),
    ]
    server = Process(
        [program("postgres") or "postgres", *options],
        log=folder.parent / "postgresql.log",
        user=owner,
        directory=Path("/"),
    )
    try:
        server.wait_for(lambda: "ready to accept connections" in server.output)
        yield folder
    finally:
        server.stop(number=signal.SIGINT)


def _create_cluster(folder: Path, data: Path, owner: str | None) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if owner:
        shutil.chown(folder, owner)
        for parent in folder.parents[:2]:
            parent.chmod(0o755)

    initdb = [
        program("initdb"),
        "--pgdata",
        data,
        "--username=postgres",
        "--auth=trust",
        "--no-sync",
        "--encoding=UTF8",
        "--locale=C",
    ]
    done = subprocess.run(
        [str(word) for word in initdb],
        user=owner,
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
