"""The connections beneath `requests`: opened by the dialer, verified, and kept open."""

import functools
import socket
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from requests.adapters import HTTPAdapter
from requests.cookies import RequestsCookieJar
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from .egress import Dialer, host_and_port
from .tls import context_for

# urllib3's 16 KiB cost most of the speed (PROTOCOL.md, "Traps of `requests`").
BLOCK_SIZE = 1024 * 1024

# The most threads that share one client: a connection for each of them stays open.
POOL_SIZE = 64


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


class NoCookies(RequestsCookieJar):
    """A cookie jar that keeps nothing: a cookie would be one more credential that travels."""

    def set_cookie(self, cookie: Any, *args: Any, **kwargs: Any) -> None:
        """Ignore the cookie."""
        return


class Adapter(HTTPAdapter):
    """The adapter from `requests` to urllib3, with guarded connections.

    A registry's own certificate authority is trusted for its own and approved hosts only.
    """

    def __init__(self, dialer: Dialer, ca_pem: str, limits: Limits) -> None:
        self._dialer = dialer
        self._own_context, self._foreign_context = context_for(ca_pem), context_for("")
        self._pools = _pool_classes(dialer, limits)
        # urllib3 builds its key of two dozen options, a measurable part of each small request.
        self._pool_key = functools.lru_cache(POOL_SIZE)(self._make_pool_key)
        super().__init__(pool_connections=16, pool_maxsize=POOL_SIZE)

    def init_poolmanager(
        self, connections: int, maxsize: int, block: bool = False, **options: Any
    ) -> None:
        """Set up the pools with large blocks and guarded connections."""
        super().init_poolmanager(connections, maxsize, block=block, blocksize=BLOCK_SIZE, **options)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """Return the pools for one proxy, with guarded connections too."""
        manager = super().proxy_manager_for(proxy, blocksize=BLOCK_SIZE, **options)
        manager.pool_classes_by_scheme = self._pools
        return manager

    def build_connection_pool_key_attributes(
        self, request: Any, verify: Any, cert: Any = None
    ) -> Any:
        """Return the host and the TLS options of a request's pool."""
        return self._host_and_tls(urlsplit(request.url).scheme, *host_and_port(request.url))

    def pool_for(self, url: str) -> Any:
        """Return the open connections to a URL's host, without a proxy."""
        key, context = self._pool_key(urlsplit(url).scheme, *host_and_port(url))
        # A copy, because urllib3 removes options from the dictionary it gets.
        return self.poolmanager.connection_from_pool_key(key, {**context})

    def _make_pool_key(self, scheme: str, host: str, port: int) -> tuple[Any, dict[str, Any]]:
        location, options = self._host_and_tls(scheme, host, port)
        context = {**self.poolmanager.connection_pool_kw, **location, **options}
        return self.poolmanager.key_fn_by_scheme[scheme](context), context

    def _host_and_tls(
        self, scheme: str, host: str, port: int
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        context = self._own_context if self._dialer.is_trusted(host) else self._foreign_context
        return {"scheme": scheme, "host": host, "port": port}, {
            "ssl_context": context,
            "cert_reqs": "CERT_REQUIRED",
        }

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """Do nothing: the TLS context knows the trusted authorities."""


class _GuardedConnection:
    """A connection of urllib3 that the dialer opens and the watch can interrupt."""

    _dialer: Dialer
    _limits: Limits
    _handshake: socket.socket | None = None
    timeout: Any

    def _new_conn(self: Any) -> socket.socket:
        sock: socket.socket = self._dialer.connect(
            self._dns_host, self.port, self._limits.connect, is_proxy=self.proxy is not None
        )
        sock.settimeout(self._limits.connect)

        # The TLS layer takes the socket away; a duplicate can still be woken.
        self._handshake = sock.dup()
        self._dialer.watch.add(self._handshake)
        return sock

    def connect(self: Any) -> None:
        """Connect, with the TLS handshake and a proxy's tunnel, under watch."""
        try:
            super().connect()  # type: ignore[misc]
        finally:
            if self._handshake is not None:
                self._handshake.close()
                self._handshake = None
        self.sock.settimeout(self._limits.read)
        self._dialer.watch.add(self.sock)

    def request(self: Any, *arguments: Any, **options: Any) -> None:
        """Send a request with the read timeout for its body."""
        # urllib3 would give each block of a body the time that is meant for connecting.
        self.timeout = self._limits.read
        super().request(*arguments, **options)  # type: ignore[misc]

    def getresponse(self: Any) -> Any:
        """Read a response's head before a deadline."""
        # The socket's timeout starts anew with each byte of the head.
        seconds = (self.timeout or self._limits.read) + 1
        with self._dialer.watch.deadline(self.sock, seconds):
            return super().getresponse()  # type: ignore[misc]


def _pool_classes(dialer: Dialer, limits: Limits) -> dict[str, Any]:
    """Return urllib3's pools with connections that only `dialer` opens."""
    members = {"_dialer": dialer, "_limits": limits}
    plain = type("PlainConnection", (_GuardedConnection, HTTPConnection), members)
    secure = type("SecureConnection", (_GuardedConnection, HTTPSConnection), members)

    # urllib3 finds the connection class through its pool's class.
    return {
        "http": type("PlainPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
        "https": type("SecurePool", (HTTPSConnectionPool,), {"ConnectionCls": secure}),
    }
