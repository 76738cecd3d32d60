"""A registry that misbehaves on command: HTTP on a loopback port, answered by a script.

It is only for faults that a real registry cannot be made to show.
"""

import re
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


@dataclass
class Reply:
    """One scripted answer, with its faults.

    Args:
        length: the Content-Length, where it is not the body's.
        cut: bytes of the body after which the connection is reset.
        drip: seconds between two bytes of the body.
        drip_head: seconds between two bytes of the head.
        stall: seconds before the head.
        reset: whether there is no answer at all.
        unread: answer without reading the request's body, and close.
        chunked: send no Content-Length.
    """

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    length: int | None = None
    cut: int | None = None
    drip: float = 0
    drip_head: float = 0
    stall: float = 0
    reset: bool = False
    unread: bool = False
    chunked: bool = False


@dataclass
class Call:
    """One request as it was received."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: Mapping[str, str]
    body: bytes
    match: re.Match[str]

    @property
    def authorization(self) -> str:
        return self.headers.get("Authorization", "")


Script = Reply | Callable[[Call], Reply]


@dataclass
class _Route:
    method: str
    pattern: re.Pattern[str]
    scripts: list[Script]
    used: int = 0


class ScriptedServer:
    """A server that answers by routes, the newest route first.

    A route's scripts answer one call each, and the last one all that follow.
    """

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.calls: list[Call] = []
        self._lock = threading.Lock()
        self._routes: list[_Route] = []
        self._stopping = threading.Event()
        self._server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"script": self}))
        if context is not None:
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.scheme = "https" if context else "http"
        self.port: int = self._server.server_address[1]
        self.host = f"127.0.0.1:{self.port}"
        self.url = f"{self.scheme}://{self.host}"
        self.on("GET", "/v2/", Reply(body=b"{}", headers={"Content-Type": "application/json"}))
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()

    def on(self, method: str, path: str, *scripts: Script) -> None:
        """Answer `method` on a path: a regular expression for all of it, without the query."""
        with self._lock:
            self._routes.insert(0, _Route(method, re.compile(path), list(scripts)))

    def made(self, method: str, path: str = ".*") -> list[Call]:
        """Return the calls received so far."""
        return [
            call for call in self.calls if call.method == method and re.fullmatch(path, call.path)
        ]

    def stop(self) -> None:
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()

    def answer(
        self, method: str, target: str, headers: Mapping[str, str], read: Callable[[], bytes]
    ) -> Reply:
        parts = urlsplit(target)
        with self._lock:
            route, match = self._find(method, parts.path)
            script: Script = Reply(404)
            if route is not None:
                script = route.scripts[min(route.used, len(route.scripts) - 1)]
                route.used += 1
        is_unread = isinstance(script, Reply) and script.unread
        body = b"" if is_unread else read()
        call = Call(
            method,
            parts.path,
            parse_qs(parts.query, keep_blank_values=True),
            headers,
            body,
            match or re.match("", "") or match,
        )
        with self._lock:
            self.calls.append(call)
        return script if isinstance(script, Reply) else script(call)

    def _find(self, method: str, path: str) -> tuple[_Route | None, re.Match[str] | None]:
        for route in self._routes:
            if route.method == method and (match := route.pattern.fullmatch(path)):
                return route, match
        return None, None

    def wait(self, seconds: float) -> None:
        """Sleep, but not beyond the end of the test."""
        self._stopping.wait(seconds)

    @property
    def is_stopping(self) -> bool:
        return self._stopping.is_set()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away in the middle is what many of the tests are about."""


class _Handler(BaseHTTPRequestHandler):
    script: ScriptedServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        reply = self.script.answer(
            self.command, self.path, self.headers, lambda: self.rfile.read(length)
        )
        self.script.wait(reply.stall)
        if reply.reset:
            return self._reset()
        self.close_connection = self.close_connection or reply.unread
        self._send_head(reply)
        if self.command != "HEAD":
            self._send_body(reply)
        return None

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _serve

    def _send_head(self, reply: Reply) -> None:
        self.wfile.flush()
        lines = [f"HTTP/1.1 {reply.status} Scripted"]
        lines += [f"{name}: {value}" for name, value in reply.headers.items()]
        if reply.chunked:
            lines.append("Transfer-Encoding: chunked")
        elif reply.status not in (204, 304):
            lines.append(
                f"Content-Length: {len(reply.body) if reply.length is None else reply.length}"
            )
        head = "\r\n".join([*lines, "", ""]).encode()
        self._write(head, reply.drip_head)

    def _send_body(self, reply: Reply) -> None:
        body = reply.body if reply.cut is None else reply.body[: reply.cut]
        if reply.chunked:
            for start in range(0, len(body), 70_000):
                piece = body[start : start + 70_000]
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.write(b"0\r\n\r\n")
        else:
            self._write(body, reply.drip)
        if reply.cut is not None:
            time.sleep(0.05)  # lets the client take what was sent before the reset discards it
            self._reset()
        elif reply.length is not None and reply.length != len(body):
            self.close_connection = True

    def _write(self, content: bytes, seconds_a_byte: float) -> None:
        if not seconds_a_byte:
            self.wfile.write(content)
            return
        for byte in content:
            if self.script.is_stopping:
                return
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            self.script.wait(seconds_a_byte)

    def _reset(self) -> None:
        self.close_connection = True
        self.wfile.flush()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def log_message(self, *_: object) -> None:
        """Silence."""


@contextmanager
def scripted_server(context: ssl.SSLContext | None = None) -> Iterator[ScriptedServer]:
    server = ScriptedServer(context)
    try:
        yield server
    finally:
        server.stop()
