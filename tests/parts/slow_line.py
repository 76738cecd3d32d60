"""A slow line to a registry: a TCP proxy on loopback with a speed, that records requests."""

import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_REQUEST = re.compile(rb"(GET|HEAD|POST|PUT|PATCH|DELETE) (/v2/[^ ]*) HTTP/1\.1\r\n")


class SlowLine:
    """A proxy in front of a registry; clients use `host` in place of the registry's.

    `bytes_per_second` may change at any time; None is full speed. `hold` stops requests on their
    way, and `is_holding` is set as soon as one is stopped.
    """

    def __init__(self, port: int, bytes_per_second: int | None) -> None:
        self.bytes_per_second = bytes_per_second
        self.requests: list[tuple[str, str]] = []
        self.is_holding = threading.Event()
        self._held = ("", "")
        self._released = threading.Event()
        self._drops = False
        self._target = ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.host = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._sockets: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def count(self, method: str, pattern: str) -> int:
        """Return the number of requests of a method whose path matches."""
        return sum(
            requested == method and re.search(pattern, path) is not None
            for requested, path in self.requests
        )

    def hold(self, method: str, pattern: str) -> None:
        """Hold the requests of a method whose path matches, until `release`."""
        self._released.clear()
        self.is_holding.clear()
        self._held = (method, pattern)

    def release(self, *, drop: bool = False) -> None:
        """Pass held requests on; with `drop` they never arrive, as when their sender died."""
        self._drops = drop
        self._held = ("", "")
        self._released.set()

    def close(self) -> None:
        self._listener.close()
        self.release(drop=True)
        for connection in list(self._sockets):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(self._target)
            except OSError:
                near.close()
                continue
            self._sockets |= {near, far}
            threading.Thread(target=self._pump, args=(near, far, True), daemon=True).start()
            threading.Thread(target=self._pump, args=(far, near, False), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, from_client: bool) -> None:
        with suppress(OSError):
            while piece := source.recv(16384):
                if from_client and not self._passes(piece):
                    break
                sink.sendall(piece)
                if self.bytes_per_second and len(piece) > 4096:
                    time.sleep(len(piece) / self.bytes_per_second)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _passes(self, piece: bytes) -> bool:
        """Record the requests that begin in a piece; return False where it is to be dropped."""
        requests = [(method.decode(), path.decode()) for method, path in _REQUEST.findall(piece)]
        self.requests += requests
        method, pattern = self._held
        if any(method == requested and re.search(pattern, path) for requested, path in requests):
            self.is_holding.set()
            self._released.wait()
            return not self._drops
        return True


@contextmanager
def slow_line(port: int, bytes_per_second: int | None = None) -> Iterator[SlowLine]:
    """Open a line to the registry on `port`; the speed is that of one connection."""
    line = SlowLine(port, bytes_per_second)
    try:
        yield line
    finally:
        line.close()
