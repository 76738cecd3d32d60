"""The open sockets of one client, shut down on cancellation and at their deadlines."""

import contextlib
import socket
import threading
import time
import weakref
from collections.abc import Iterator

from .store import Cancellation

# The precision of deadlines.
_TICK_SECONDS = 0.5


class SocketWatch:
    """A watch that shuts sockets down from outside of the thread that is blocked in them.

    A socket's own timeout starts anew with each byte, so a peer that sends single bytes is caught
    by a deadline here.
    """

    def __init__(self, cancellation: Cancellation) -> None:
        self._cancellation = cancellation
        self._lock = threading.Lock()
        # Weak: a watch must not keep closed connections alive.
        self._sockets: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        self._deadlines: dict[socket.socket, float] = {}
        self._thread: threading.Thread | None = None
        cancellation.add_callback(self.shut_down_all)

    def add(self, sock: socket.socket) -> None:
        """Watch a socket for as long as anything refers to it."""
        with self._lock:
            self._sockets.add(sock)
        # The cancellation may have come between connecting and this call.
        if self._cancellation.requested:
            _shut_down(sock)

    @contextlib.contextmanager
    def deadline(self, sock: socket.socket | None, seconds: float) -> Iterator[None]:
        """Shut the socket down unless the block ends within `seconds`.

        Raises:
            TimeoutError: it did not, and the block took the closed connection for the end of the
                data.
        """
        if sock is None:
            yield
            return

        deadline = time.monotonic() + seconds
        with self._lock:
            self._deadlines[sock] = deadline
            self._start()

        try:
            yield
        finally:
            with self._lock:
                self._deadlines.pop(sock, None)

        if time.monotonic() > deadline:
            raise TimeoutError

    def shut_down_all(self) -> None:
        """Wake every thread that is blocked in one of the sockets."""
        with self._lock:
            sockets = list(self._sockets)
        # Outside of the lock, which the blocked threads need to end their deadlines.
        for sock in sockets:
            _shut_down(sock)

    def close(self) -> None:
        """Remove the callback on the cancellation; the sockets close with their pools."""
        self._cancellation.remove_callback(self.shut_down_all)

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="socket-deadlines", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while True:
            time.sleep(_TICK_SECONDS)
            now = time.monotonic()
            with self._lock:
                # The thread ends while it is not needed, so an idle client has none.
                if not self._deadlines:
                    self._thread = None
                    return
                late = [sock for sock, deadline in self._deadlines.items() if deadline < now]

            for sock in late:
                _shut_down(sock)


def _shut_down(sock: socket.socket) -> None:
    # SSLSocket.shutdown would first drop the cipher, and a concurrent send would then go out in
    # clear text.
    with contextlib.suppress(OSError):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
