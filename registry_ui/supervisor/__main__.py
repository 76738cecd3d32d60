"""The command that starts all programs; see `--help`."""

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

from .console import Console
from .loop import Supervisor
from .process import start
from .programs import Address, BadSetting, manage_command, programs

_PARTS = ("web", "workers", "scheduler")
# The last line of a traceback whose message is meant for people.
_REFUSAL = re.compile(
    r"(?:django\.core\.exceptions\.ImproperlyConfigured|environs\.exceptions\.\w+"
    r"|django\.db\.utils\.OperationalError): "
)


def main(arguments: Sequence[str]) -> int:
    os.umask(0o077)  # the files of all programs are for this user only
    try:
        return _run(_parse_parts(arguments), Console())
    except (BadSetting, EnvError) as exc:
        print(exc, file=sys.stderr)
        return 1
    # Ctrl-C before the supervisor handles signals; 130 is the shell's status for SIGINT.
    except KeyboardInterrupt:
        return 130


def _parse_parts(arguments: Sequence[str]) -> list[str]:
    parser = argparse.ArgumentParser(
        prog="python -m registry_ui.supervisor",
        description=(
            "Starts Registry UI: the queue, the web pages, the workers and the scheduler; "
            "restarts what dies; Ctrl-C stops all."
        ),
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
    with _single_instance(data_directory()):
        # Before the migration, which takes longer than finding a wrong setting.
        address = Address.from_environment()
        if "web" in parts:
            address.check_free()
        selected = programs(parts, address)
        if "web" in parts:
            _prepare(console)

        supervisor = Supervisor(selected, console)
        with supervisor.listening():
            supervisor.start_all()
            if "web" in parts:
                _announce(supervisor, address, console)
            else:
                names = ", ".join(program.name for program in selected)
                console.write_message(f"Started: {names}. Ctrl-C stops everything.")
            supervisor.watch()
            supervisor.stop()
    return 0


@contextmanager
def _single_instance(data: Path) -> Iterator[None]:
    """Lock the data folder while the block runs.

    Raises:
        BadSetting: another supervisor uses this data folder.
    """
    with (data / "supervisor.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            owner = lock.read().strip() or "unknown"
            raise BadSetting(
                f"Registry UI runs already on {data} (process {owner}). "
                "Stop it first, or set REGISTRY_UI_DATA to another folder."
            ) from None

        # The file stays: removing it would let a second supervisor lock a new one.
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


def _prepare(console: Console) -> None:
    """Migrate the database and collect the static files, both at the same time.

    Raises:
        BadSetting: the message is Django's.
    """
    console.write_message("Preparing the database and the static files …")
    commands = {
        "migrate": ("migrate", "--no-input", "--verbosity=0"),
        "static": ("collectstatic", "--no-input", "--verbosity=0"),
    }
    processes = {name: start(manage_command(*command)) for name, command in commands.items()}
    failures = [_failure(name, process, console) for name, process in processes.items()]
    for failure in filter(None, failures):
        raise BadSetting(failure)


def _failure(name: str, process: "subprocess.Popen[bytes]", console: Console) -> str:
    """Wait for a command and return the reason why it failed, or an empty string.

    The message of a Django refusal is the reason; any other output is printed in full.
    """
    output, _ = process.communicate()
    lines = output.decode(errors="replace").splitlines()
    if process.returncode == 0:
        return ""

    # The message of the last exception may have several lines.
    for number, line in reversed(list(enumerate(lines))):
        if refusal := _REFUSAL.match(line):
            following = (text.strip() for text in lines[number + 1 :])
            return " ".join([line[refusal.end() :], *following])

    for line in lines:
        console.line(name, line)
    return f"“manage.py {name}” failed; the reason stands above."


def _announce(supervisor: Supervisor, address: Address, console: Console) -> None:
    """Print the URL once the pages answer, or the setup link before the first administrator."""
    if not supervisor.wait_until(address.answers, seconds=60):
        if not supervisor.is_stopping:
            console.write_message("The pages do not answer yet; the lines above say why.")
        return

    url = env.str("URL", "") or address.local.url
    link = _setup_link(url)
    if link:
        console.write_message(
            "Registry UI is ready. Make the first administrator with this link; it works once:"
            f"\n\n    {link}\n"
        )
    else:
        console.write_message(f"Registry UI is ready: {url}")
    console.write_message("Ctrl-C stops everything.")


def _setup_link(url: str) -> str:
    """Return a link that creates the first administrator; an empty string where one exists."""
    output, _ = start(manage_command("setup_link", "--base-url", url)).communicate()
    # An installation that is set up answers with a sentence instead of a link.
    text = output.decode(errors="replace").strip()
    return text if text.startswith("http") and len(text.split()) == 1 else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
