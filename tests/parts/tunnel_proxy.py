"""An HTTP proxy that opens tunnels, each to the same port of this machine."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator


class TunnelProxy:
    """A proxy with a login in its URL.

    Args:
        target: the port to which each tunnel leads; 0 refuses it.
        heads: the heads of the requests so far.
    """

    def __init__(self, context: ssl.SSLContext | None) -> None:
        self._context = context
        self.server = socket.create_server(("127.0.0.1", 0))
        self.target = 0
        self.heads: list[bytes] = []
        scheme = "https" if context else "http"
        self.url = f"{scheme}://user:hidden@127.0.0.1:{self.server.getsockname()[1]}"

    def serve(self) -> None:
        while True:
            try:
                client, _ = self.server.accept()
            except OSError:
                return
            with contextlib.suppress(OSError):
                self._open(self._context.wrap_socket(client, True) if self._context else client)

    def _open(self, client: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            head += client.recv(4096)
        self.heads.append(head)
        if not self.target:
            client.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            client.close()
            return

        client.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
        target = socket.create_connection(("127.0.0.1", self.target))
        for pair in ((client, target), (target, client)):
            threading.Thread(target=_pump, args=pair, daemon=True).start()


def _pump(one: socket.socket, other: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := one.recv(65536):
            other.sendall(data)
    other.close()


@contextlib.contextmanager
def serve_tunnels(context: ssl.SSLContext | None = None) -> Iterator[TunnelProxy]:
    """Run a proxy; with a context it speaks TLS itself."""
    proxy = TunnelProxy(context)
    threading.Thread(target=proxy.serve, daemon=True).start()
    with proxy.server:
        yield proxy
