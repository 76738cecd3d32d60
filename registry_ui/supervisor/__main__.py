"""The one command that starts everything; see `--help`."""

import argparse
import fcntl
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from environs import EnvError

from registry_ui.environment import check_files, data_directory, env

from .child import start
from .console import Console
from .programs import Address, BadSetting, manage_command, programs
from .watch import Supervisor

_PARTS = ("web", "workers", "scheduler")
_REFUSAL = re.compile(
    r"(?:django\.core\.exceptions\.ImproperlyConfigured|environs\.exceptions\.\w+|django\.db\.utils\.OperationalError): "
)


def main(arguments: Sequence[str]) -> int:
    os.umask(0o077)  # the queue's and the web process's files are for this user only
    try:
        return _run(_chosen_parts(arguments), Console())
    except (BadSetting, EnvError) as exc:
        print(exc, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _chosen_parts(arguments: Sequence[str]) -> list[str]:
    parser = argparse.ArgumentParser(
        prog="python -m registry_ui.supervisor",
        description="Starts Registry UI: the queue, the web pages, the workers and the scheduler; restarts what dies; Ctrl-C stops all.",
    )
    parser.add_argument(
        "parts",
        nargs="*",
        metavar="PART",
        help="only these: web, workers, scheduler (default: all)",
    )
    parts: list[str] = parser.parse_args(arguments).parts
    unknown = [part for part in parts if part not in _PARTS]
    if unknown:
        parser.error(f"{unknown[0]} is not a part; choose from {', '.join(_PARTS)}")
    return parts or list(_PARTS)


def _run(parts: Sequence[str], console: Console) -> int:
    check_files()
    with _only_one(data_directory()):
        address = Address.from_environment()
        if "web" in parts:
            address.check_free()
        to_run = programs(parts, address)
        if "web" in parts:
            _prepare(console)
        supervisor = Supervisor(to_run, console)
        with supervisor.listening():
            supervisor.start_all()
            if "web" in parts:
                _announce(supervisor, address, console)
            else:
                console.say(
                    f"Started: {', '.join(program.name for program in to_run)}. Ctrl-C stops everything."
                )
            supervisor.watch()
            supervisor.stop()
    return 0


@contextmanager
def _only_one(data: Path) -> Iterator[None]:
    """
    Raises:
        BadSetting: another supervisor works on this data folder.
    """
    with (data / "supervisor.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise BadSetting(
                f"Registry UI runs already on {data} (process {lock.read().strip() or 'unknown'}). "
                "Stop it first, or set REGISTRY_UI_DATA to another folder."
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


def _prepare(console: Console) -> None:
    """Bring the database and the static files to this version.

    Raises:
        BadSetting: with the reason that Django gives.
    """
    console.say("Preparing the database and the static files …")
    commands = {
        "migrate": ("migrate", "--no-input", "--verbosity=0"),
        "static": ("collectstatic", "--no-input", "--verbosity=0"),
    }
    processes = {name: start(manage_command(*command)) for name, command in commands.items()}
    failures = [
        reason
        for name, process in processes.items()
        if (reason := _failure(name, process, console))
    ]
    if failures:
        raise BadSetting(failures[0])


def _failure(name: str, process: "subprocess.Popen[bytes]", console: Console) -> str:
    """Why a preparing command failed; empty where it did not. Django's refusals are a sentence, the rest is shown whole."""
    output, _ = process.communicate()
    lines = output.decode(errors="replace").splitlines()
    if process.returncode == 0:
        return ""
    for number, line in reversed(list(enumerate(lines))):
        if refusal := _REFUSAL.match(line):
            return " ".join(
                [line[refusal.end() :], *(more.strip() for more in lines[number + 1 :])]
            )
    for line in lines:
        console.line(name, line)
    return f"“manage.py {name}” failed; the reason stands above."


def _announce(supervisor: Supervisor, address: Address, console: Console) -> None:
    """Say where the pages are, once they are there; before the first administrator exists, with the link that makes one."""
    if not supervisor.wait_until(address.answers, seconds=60):
        if not supervisor.is_stopping:
            console.say("The pages do not answer yet; the lines above say why.")
        return
    url = env.str("URL", "") or address.for_visitors.url
    link = _first_link(url)
    if link:
        console.say(
            f"Registry UI is ready. Make the first administrator with this link; it works once:\n\n    {link}\n"
        )
    else:
        console.say(f"Registry UI is ready: {url}")
    console.say("Ctrl-C stops everything.")


def _first_link(url: str) -> str:
    """The one-time link that makes the first administrator; empty where there is one already."""
    output, _ = start(manage_command("setup_link", "--base-url", url)).communicate()
    words = output.decode(errors="replace").split()
    return words[-1] if len(words) == 1 and words[0].startswith("http") else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
