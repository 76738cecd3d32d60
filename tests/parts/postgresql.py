"""A PostgreSQL of the tests' own, on a Unix socket, for `REGISTRY_UI_TEST_DATABASE=postgresql`."""

import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .process import Process


def program(name: str) -> str | None:
    """The newest installed version's program: Debian keeps them outside PATH."""
    versions = sorted(
        Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3])
    )
    return str(versions[-1]) if versions else shutil.which(name)


def _owner() -> str | None:
    """Who runs the server: PostgreSQL refuses to run as root."""
    if os.getuid():
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


@contextmanager
def postgresql_in(folder: Path) -> Iterator[Path]:
    """Run a server whose socket is in the folder; its superuser is `postgres`, with no password."""
    owner = _owner()
    folder.mkdir(parents=True, exist_ok=True)
    if owner:
        shutil.chown(folder, owner)
        for parent in folder.parents[:2]:
            parent.chmod(0o755)
    data = folder / "data"
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
    # Of transactions that are all rolled back, autovacuum would gather statistics that no installation has.
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
