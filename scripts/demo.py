"""A demo of pull, tag and push on the command line, which leaves the dashboard open.

scripts/demo.py            a temporary data folder and a free port, both removed with Ctrl-C
REGISTRY_UI_DATA=… REGISTRY_UI_LISTEN=… scripts/demo.py     these instead; the folder stays
"""

import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 120
STOP_SECONDS = 60
READY = "Registry UI is ready"


class DemoFailed(Exception):
    """The demo cannot continue; the message is the reason."""


def main() -> int:
    # `kill` ends everything as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with data_folder() as data:
            address = os.environ.setdefault("REGISTRY_UI_LISTEN", f"127.0.0.1:{free_port()}")
            with product(data / "demo.log", address) as link:
                show(address, set_up(link))
    except DemoFailed as exc:
        print(exc, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nEverything is stopped.")
    return 0


@contextmanager
def data_folder() -> Iterator[Path]:
    if given := os.environ.get("REGISTRY_UI_DATA"):
        folder = Path(given).resolve()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        yield folder
        return
    folder = Path(tempfile.mkdtemp(prefix="registry-ui-demo-"))
    os.environ["REGISTRY_UI_DATA"] = str(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def product(log: Path, address: str) -> Iterator[str]:
    """Start all that `make run` starts, with its output in the log.

    Yields the link that creates the first administrator, or an empty text if there is one.
    """
    print(f"Starting Registry UI on {address} …", flush=True)
    with log.open("wb") as output:
        # A session of its own: Ctrl-C is for this script, which then stops the supervisor.
        process = subprocess.Popen(
            [sys.executable, "-m", "registry_ui.supervisor"],
            cwd=ROOT,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield link_of(wait_until_it_is_ready(process, log))
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)


def wait_until_it_is_ready(process: "subprocess.Popen[bytes]", log: Path) -> str:
    """Wait for the start, and return the output up to then."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise DemoFailed(f"It did not start:\n{log.read_text(errors='replace')}")
        printed = log.read_text(errors="replace")
        if READY in printed and "Ctrl-C stops everything." in printed:
            return printed
        time.sleep(0.3)
    raise DemoFailed(f"It does not answer; {log} says why.")


def link_of(printed: str) -> str:
    match = re.search(r"http://\S+/setup/\S+", printed)
    return match[0] if match else ""


def set_up(link: str) -> str:
    """Create the first administrator through the one-time link.

    Return the password, or an empty text without a link.
    """
    if not link:
        return ""
    password = secrets.token_urlsafe(12)
    with requests.Session() as session:
        session.get(link, timeout=60).raise_for_status()
        values = {
            "username": "demo",
            "email": "demo@example.com",
            "password": password,
            "repeated": password,
            "team_name": "Demo",
        }
        token = next(cookie.value for cookie in session.cookies if cookie.name == "csrftoken")
        answer = session.post(
            link, data={**values, "csrfmiddlewaretoken": token}, timeout=60, allow_redirects=False
        )
    if answer.status_code != 302:
        raise DemoFailed(
            f"The first administrator could not be made: the page answered {answer.status_code}."
        )
    return password


def show(address: str, password: str) -> None:
    # Log lines would stand between the lines of the progress.
    environment = {**os.environ, "REGISTRY_UI_LOG_LEVEL": "WARNING"}
    sample, new = f"{address}/demo/hello:1.1", f"{address}/demo/my-app:v1.0"
    for command in (
        ["images"],
        ["pull", sample, "--platform", "all"],
        ["tag", sample, new],
        ["push", new],
        ["images", "my-app"],
        ["transfers"],
    ):
        print(f"\n$ manage.py {' '.join(command)}", flush=True)
        done = subprocess.run(  # noqa: S603 - words of its own
            [sys.executable, "manage.py", *command], cwd=ROOT, check=False, env=environment
        )
        if done.returncode:
            raise DemoFailed(f"“manage.py {command[0]}” failed; the reason stands above.")
    print(f"\nThe dashboard: http://{address}/images/")
    print(
        f"Sign in as demo with the password {password}"
        if password
        else "Sign in as before: this data folder has its administrator."
    )
    print("Ctrl-C stops everything.", flush=True)
    signal.pause()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
