"""The connections of urllib3: opened by the dialer, verified, and kept open."""

import http.client
import socket
import ssl
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from .egress import Dialer, host_and_port
from .http_proxy import HttpProxy, secured
from .tls import context_for

# urllib3's 16 KiB cost most of the speed (PROTOCOL.md, "Traps of `requests`").
BLOCK_SIZE = 1024 * 1024

# The most threads that share one client: a connection for each of them stays open.
POOL_SIZE = 64

# A registry and the hosts that it redirects to; the pool unused for longest is closed.
_MOST_POOLS = 16


@dataclass(frozen=True, slots=True)
class Limits:
    """The time limits and retries of one client.

    Args:
        connect: seconds for resolving and connecting together.
        read: seconds without a byte of a response.
        answer: seconds for the closing answer of an upload; object storage may take minutes.
        tries: the most requests for one call.
        first_pause: seconds before the first retry; each further pause is about twice as long.
        longest_pause: seconds; a registry that asks for more ends the call.
        all_pauses: seconds that one call may pause in total.
        minimum_rate, rate_window: a body slower than so many bytes a second, over a window of so
            many seconds, is given up.
    """

    connect: float = 10.0
    read: float = 60.0
    answer: float = 300.0
    tries: int = 5
    first_pause: float = 0.5
    longest_pause: float = 120.0
    all_pauses: float = 150.0
    minimum_rate: int = 1024
    rate_window: float = 30.0


@dataclass(frozen=True, slots=True)
class Route:
    """A way to a host, directly or through a proxy."""

    scheme: str
    host: str
    port: int
    proxy: HttpProxy | None


@dataclass(frozen=True, slots=True)
class _Opener:
    """The parts that each new connection of one route needs."""

    route: Route
    dialer: Dialer
    limits: Limits
    proxy_context: ssl.SSLContext


class Connections:
    """The open connections of one client.

    A registry's own certificate authority is trusted for its own and approved hosts only.
    """

    def __init__(self, dialer: Dialer, ca_pem: str, limits: Limits) -> None:
        self._dialer = dialer
        self._limits = limits
        self._own_context, self._foreign_context = context_for(ca_pem), context_for("")
        self._lock = threading.Lock()
        # The pool used last stands last.
        self._pools: OrderedDict[tuple[Route, ssl.SSLContext], HTTPConnectionPool] = OrderedDict()

    def pool_for(self, url: str, proxy: HttpProxy | None) -> HTTPConnectionPool:
        """Return the connections to a URL's host, directly or through a proxy."""
        host, port = host_and_port(url)
        context = self._own_context if self._dialer.is_trusted(host) else self._foreign_context
        key = Route(urlsplit(url).scheme, host, port, proxy), context

        with self._lock:
            pool = self._pools.get(key)
            if pool is None:
                pool = self._pools[key] = self._make_pool(*key)
                # Not closed, because another thread may be about to use it: urllib3 closes the
                # connections of a pool that nothing refers to.
                if len(self._pools) > _MOST_POOLS:
                    self._pools.popitem(last=False)
            self._pools.move_to_end(key)
        return pool

    def close(self) -> None:
        """Close the connections that are not in use; the others close after their use."""
        with self._lock:
            pools = list(self._pools.values())
            self._pools.clear()
        for pool in pools:
            pool.close()

    def _make_pool(self, route: Route, context: ssl.SSLContext) -> HTTPConnectionPool:
        # Only the system's authorities are asked about a proxy's own certificate.
        opener = _Opener(route, self._dialer, self._limits, self._foreign_context)
        options: dict[str, Any] = {
            "maxsize": POOL_SIZE,
            "blocksize": BLOCK_SIZE,
            # urllib3 passes unknown options on to each new connection.
            "opener": opener,
        }
        if route.scheme == "http":
            return _PlainPool(route.host, route.port, **options)
        options |= {"ssl_context": context, "cert_reqs": ssl.CERT_REQUIRED}
        return _SecurePool(route.host, route.port, **options)


class _GuardedConnection:
    """A connection of urllib3 that the dialer opens and the watch can interrupt.

    urllib3 opens sockets and tunnels in methods that are not public, so `connect` replaces them
    as a whole.

    Args:
        message: http.client's response, beneath the one of urllib3 that was received last.
    """

    message: http.client.HTTPResponse
    timeout: Any

    def __init__(self, *arguments: Any, opener: _Opener, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._opener = opener

    def _begin_message(self, *arguments: Any, **options: Any) -> http.client.HTTPResponse:
        self.message = http.client.HTTPResponse(*arguments, **options)
        return self.message

    # http.client calls it for each response (`HTTPConnection.getresponse`).
    response_class: Any = _begin_message

    def connect(self: Any) -> None:
        """Connect, with the TLS handshake and a proxy's tunnel, under watch."""
        route, dialer, limits = self._opener.route, self._opener.dialer, self._opener.limits
        # Not the `host` of urllib3, which lacks the final dot that DNS needs.
        peer = route.proxy or route
        sock = dialer.connect(
            peer.host, peer.port, limits.connect, is_proxy=route.proxy is not None
        )
        sock.settimeout(limits.connect)

        # The TLS layer takes the socket away; a duplicate can still be woken.
        with sock.dup() as handle:
            dialer.watch.add(handle)
            try:
                self._wrap(sock)
            except BaseException:
                sock.close()
                raise
        self.sock.settimeout(limits.read)
        dialer.watch.add(self._watched_socket)

    def _wrap(self: Any, sock: socket.socket) -> None:
        """Put the proxy's tunnel and TLS on a connected socket, and keep it."""
        route: Route = self._opener.route
        if route.proxy is not None and route.proxy.is_secure:
            sock = secured(sock, self._opener.proxy_context, route.proxy.host)
        self.sock = self._watched_socket = sock

        if route.scheme == "https":
            if route.proxy is not None:
                route.proxy.open_tunnel(sock, route.host, route.port)
            self.sock = secured(sock, self.ssl_context, route.host)
            self.is_verified = True
            # TLS inside of a proxy's TLS is no socket that could be shut down.
            if isinstance(self.sock, socket.socket):
                self._watched_socket = self.sock

    def request(self: Any, *arguments: Any, **options: Any) -> None:
        """Send a request with the read timeout for its body."""
        # urllib3 would give each block of a body the time that is meant for connecting.
        self.timeout = self._opener.limits.read
        super().request(*arguments, **options)  # type: ignore[misc]

    def getresponse(self: Any) -> Any:
        """Read a response's head before a deadline."""
        # The socket's timeout starts anew with each byte of the head.
        seconds = (self.timeout or self._opener.limits.read) + 1
        with self._opener.dialer.watch.deadline(self._watched_socket, seconds):
            return super().getresponse()  # type: ignore[misc]


class _PlainConnection(_GuardedConnection, HTTPConnection):
    """A guarded connection without TLS to the host."""


class _SecureConnection(_GuardedConnection, HTTPSConnection):
    """A guarded connection with TLS to the host."""


class _PlainPool(HTTPConnectionPool):
    """The guarded connections to one host over plain HTTP."""

    ConnectionCls = _PlainConnection


class _SecurePool(HTTPSConnectionPool):
    """The guarded connections to one host over HTTPS."""

    ConnectionCls = _SecureConnection
