"""The connections beneath requests: opened by the dialer, verified always, kept open, large blocks."""

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

BLOCK_SIZE = 1024 * 1024
POOL_SIZE = 64


@dataclass(frozen=True, slots=True)
class Limits:
    """How long to wait, in seconds, and how often to try.

    `answer` is the wait for an upload's closing answer, which object storage may take minutes to give. A body slower
    than `minimum_rate` bytes per second over `rate_window` is given up.
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
    """Keeps nothing: a cookie would be one more credential that travels."""

    def set_cookie(self, cookie: Any, *args: Any, **kwargs: Any) -> None:
        return None


class Adapter(HTTPAdapter):
    """requests' way into urllib3, with our own connections in it. The registry's own authority vouches for no foreign host."""

    def __init__(self, dialer: Dialer, ca_pem: str, limits: Limits) -> None:
        self._dialer = dialer
        self._own_context, self._foreign_context = context_for(ca_pem), context_for("")
        self._pools = _pool_classes(dialer, limits)
        # urllib3 makes its key of two dozen options, which a small request would notice each time.
        self._pool_key = functools.lru_cache(POOL_SIZE)(self._make_pool_key)
        super().__init__(pool_connections=16, pool_maxsize=POOL_SIZE)

    def init_poolmanager(
        self, connections: int, maxsize: int, block: bool = False, **options: Any
    ) -> None:
        super().init_poolmanager(connections, maxsize, block=block, blocksize=BLOCK_SIZE, **options)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        manager = super().proxy_manager_for(proxy, blocksize=BLOCK_SIZE, **options)
        manager.pool_classes_by_scheme = self._pools
        return manager

    def build_connection_pool_key_attributes(
        self, request: Any, verify: Any, cert: Any = None
    ) -> Any:
        return self._place(urlsplit(request.url).scheme, *host_and_port(request.url))

    def pool_for(self, url: str) -> Any:
        """The open connections to a URL's host, not by a proxy."""
        key, context = self._pool_key(urlsplit(url).scheme, *host_and_port(url))
        return self.poolmanager.connection_from_pool_key(key, {**context})

    def _make_pool_key(self, scheme: str, host: str, port: int) -> tuple[Any, dict[str, Any]]:
        place, options = self._place(scheme, host, port)
        context = {**self.poolmanager.connection_pool_kw, **place, **options}
        return self.poolmanager.key_fn_by_scheme[scheme](context), context

    def _place(self, scheme: str, host: str, port: int) -> tuple[dict[str, Any], dict[str, Any]]:
        context = self._own_context if self._dialer.is_vouched_for(host) else self._foreign_context
        return {"scheme": scheme, "host": host, "port": port}, {
            "ssl_context": context,
            "cert_reqs": "CERT_REQUIRED",
        }

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """The context already knows whom to trust."""


def _pool_classes(dialer: Dialer, limits: Limits) -> dict[str, Any]:
    """urllib3's pools with connections that only `dialer` opens."""

    class Guarded:
        _handshake: socket.socket | None = None
        timeout: Any

        def _new_conn(self: Any) -> socket.socket:
            sock = dialer.connect(
                self._dns_host, self.port, limits.connect, is_proxy=self.proxy is not None
            )
            sock.settimeout(limits.connect)
            self._handshake = (
                sock.dup()
            )  # the TLS layer takes the socket away; a duplicate can still be woken
            dialer.watch.add(self._handshake)
            return sock

        def connect(self: Any) -> None:
            try:
                super().connect()  # type: ignore[misc]
            finally:
                if self._handshake is not None:
                    self._handshake.close()
                    self._handshake = None
            self.sock.settimeout(limits.read)
            dialer.watch.add(self.sock)

        def request(self: Any, *arguments: Any, **options: Any) -> None:
            self.timeout = (
                limits.read
            )  # urllib3 would give each block of a body the time meant for connecting
            super().request(*arguments, **options)  # type: ignore[misc]

        def getresponse(self: Any) -> Any:
            with dialer.watch.deadline(self.sock, (self.timeout or limits.read) + 1):
                return super().getresponse()  # type: ignore[misc]

    class Plain(Guarded, HTTPConnection):
        pass

    class Secure(Guarded, HTTPSConnection):
        pass

    plain = type("PlainPool", (HTTPConnectionPool,), {"ConnectionCls": Plain})
    secure = type("SecurePool", (HTTPSConnectionPool,), {"ConnectionCls": Secure})
    return {"http": plain, "https": secure}
