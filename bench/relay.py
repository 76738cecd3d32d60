"""A TCP relay between the product and a registry that records the first request for a blob."""

import socket
import threading
import time


class Relay:
    """A relay to a local port; `first_blob_at` is the time of the first blob request."""

    def __init__(self, port: int) -> None:
        self._target = ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.host = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.first_blob_at: float | None = None
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            client, _ = self._listener.accept()
            server = socket.create_connection(self._target)
            threading.Thread(target=self._pass_on, args=(client, server, True), daemon=True).start()
            threading.Thread(
                target=self._pass_on, args=(server, client, False), daemon=True
            ).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, watched: bool) -> None:
        try:
            while data := source.recv(256 * 1024):
                if (
                    watched
                    and self.first_blob_at is None
                    and data.startswith(b"GET ")
                    and b"/blobs/" in data.partition(b"\r\n")[0]
                ):
                    self.first_blob_at = time.perf_counter()
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            source.close()
            target.close()
