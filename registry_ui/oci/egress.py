"""The egress rules, and the one place that opens a connection.

Every socket of the client is opened by `Dialer.connect`: it resolves the name, judges each address,
and connects to a judged address. So a name that later resolves elsewhere changes nothing (DNS
rebinding).
"""

import contextlib
import errno
import ipaddress
import os
import select
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from .address_scope import AddressScope, IpAddress, address_scope
from .errors import ConnectionFailed, ConnectionTimeout, EgressRefused, HostUnknown
from .socket_watch import SocketWatch
from .store import Cancellation

# The longest delay of a cancellation while a connection is being opened.
_SLICE_SECONDS = 0.25

# The time for an address that is not the last one of its name.
_SHORT_TRY_SECONDS = 3.0
_ADDRESS_CODES = {
    AddressScope.PRIVATE: "address_private",
    AddressScope.LOOPBACK: "address_loopback",
    AddressScope.NEVER: "address_reserved",
}
_Resolved = tuple[socket.AddressFamily, str, Any]


@dataclass(frozen=True, slots=True)
class EgressPolicy:
    """The rules for connections. Link-local and metadata addresses are never allowed.

    Args:
        allow_private: a registry, or an approved token host, may be in a private network.
        allow_loopback: a registry may be on this machine.
        proxy_url: the HTTP proxy for everything that `no_proxy` does not name; it may carry a
            login.
        no_proxy: hosts, domains, addresses or networks (`example.com`, `.internal`, `10.0.0.0/8`,
            `*`) that are reached directly.
    """

    allow_private: bool = True
    allow_loopback: bool = False
    proxy_url: str | None = field(default=None, repr=False)
    no_proxy: Sequence[str] = ()

    def proxy_for(self, host: str, port: int) -> str | None:
        """Return the proxy's URL for a destination; None for a direct one, such as loopback."""
        # A proxy elsewhere cannot reach this machine's loopback addresses.
        if (
            not self.proxy_url
            or _is_local_name(host)
            or any(_is_named_by(pattern, host, port) for pattern in self.no_proxy)
        ):
            return None
        return self.proxy_url


def _is_local_name(host: str) -> bool:
    address = _literal(host)
    return host.lower() == "localhost" if address is None else address.is_loopback


def _is_named_by(pattern: str, host: str, port: int) -> bool:
    # The forms of the environment variable NO_PROXY in curl and Go.
    pattern = pattern.strip().lower()
    host = host.lower().rstrip(".")
    if pattern in ("*", host, f"{host}:{port}"):
        return True
    address = _literal(host)
    if address is not None:
        with contextlib.suppress(ValueError):
            return address in ipaddress.ip_network(pattern, strict=False)
    # curl's rule: `.internal` and `internal` both name every host below.
    return bool(pattern) and host.endswith("." + pattern.removeprefix("*").removeprefix("."))


def _literal(host: str) -> IpAddress | None:
    try:
        return ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return None


class Dialer:
    """The opener of one client's connections.

    The registry's own host is judged by the policy. A host that a response names (a redirect, a
    Location, a token realm) is judged more strictly, because the registry chose it and not a
    person: never loopback, and a private network only where an administrator approved the host, or
    where the registry itself is in one.

    Args:
        own_host: the registry's host name, without a port.
        is_approved: whether an administrator approved a host (token hosts).
    """

    def __init__(
        self,
        policy: EgressPolicy,
        own_host: str,
        is_approved: Callable[[str], bool],
        watch: SocketWatch,
        cancellation: Cancellation,
    ) -> None:
        self.policy = policy
        self.watch = watch
        self._own_host = own_host.lower()
        self._is_approved = is_approved
        self._cancellation = cancellation
        # Learnt from the addresses that the registry's name has had so far.
        self._own_was_public = self._own_is_private = False

    def is_own(self, host: str) -> bool:
        """Return whether a host name is the registry's own."""
        return host.strip("[]").lower() == self._own_host

    def is_trusted(self, host: str) -> bool:
        """Return whether a host name is the registry's own, or approved for it."""
        return self.is_own(host) or self._is_approved(host)

    def connect(
        self, host: str, port: int, seconds: float, *, is_proxy: bool = False
    ) -> socket.socket:
        """Return a connected TCP socket.

        Args:
            seconds: for resolving and connecting together.
            is_proxy: the host is this installation's own proxy, which is not judged.

        Raises:
            EgressRefused, HostUnknown, ConnectionTimeout, ConnectionFailed, Cancelled.
        """
        deadline = time.monotonic() + seconds
        addresses = self._resolve(host, port, deadline)

        if not is_proxy:
            addresses = self._permitted(host, addresses)

        failure: ConnectionFailed | None = None

        # A first address that does not answer (IPv6 without a route) must not use up the whole
        # time.
        for index, address in enumerate(addresses):
            try_deadline = deadline
            if index < len(addresses) - 1:
                try_deadline = min(deadline, time.monotonic() + _SHORT_TRY_SECONDS)
            try:
                return self._open(address, try_deadline, f"{host}:{port}")
            except ConnectionFailed as exc:
                failure = exc
        raise failure or HostUnknown("name_without_address", host=host)

    def check_proxied(self, host: str, port: int, seconds: float) -> None:
        """Judge a destination that the proxy will connect to, as far as its name resolves here.

        Raises:
            EgressRefused: every address of the host is forbidden.
        """
        try:
            # The proxy is inside of the network, so it must not become a way around the rules.
            addresses = self._resolve(host, port, time.monotonic() + seconds)
        except ConnectionFailed:
            return  # only the proxy knows this name
        self._permitted(host, addresses)

    def _permitted(self, host: str, addresses: Sequence[_Resolved]) -> list[_Resolved]:
        scopes = {address[1]: address_scope(address[1]) for address in addresses}
        is_own = self.is_own(host)
        permitted = [
            address for address in addresses if self._may(scopes[address[1]], host, is_own)
        ]

        if not permitted:
            raise self._refusal(host, next(iter(scopes.values())), is_own)

        if is_own:
            # A name that has a public address too, now or before, may be under the control of any
            # third party, so it opens no private network (DNS rebinding).
            self._own_was_public |= any(
                scopes[address[1]] is AddressScope.PUBLIC for address in permitted
            )
            self._own_is_private = not self._own_was_public
        return permitted

    def _may(self, scope: AddressScope, host: str, is_own: bool) -> bool:
        if scope is AddressScope.PUBLIC:
            return True
        if scope is AddressScope.PRIVATE:
            return self.policy.allow_private and (
                is_own or self._own_is_private or self._is_approved(host)
            )
        return scope is AddressScope.LOOPBACK and is_own and self.policy.allow_loopback

    def _refusal(self, host: str, scope: AddressScope, is_own: bool) -> EgressRefused:
        if is_own:
            return EgressRefused(_ADDRESS_CODES[scope], host=host, scope=scope.value)
        return EgressRefused(
            "sent_to_refused_address", host=self._own_host, other_host=host, scope=scope.value
        )

    def _resolve(self, host: str, port: int, deadline: float) -> list[_Resolved]:
        self._cancellation.check()
        name = host.strip("[]")

        if _literal(name) is not None:
            return _look_up(name, port)
        return _Lookup(name, port).result(deadline, self._cancellation)

    def _open(self, address: _Resolved, deadline: float, location: str) -> socket.socket:
        family, _, destination = address
        sock = socket.socket(family, socket.SOCK_STREAM)

        try:
            # Requests are small, and waiting for more bytes would cost a round trip each.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            _connect_in_slices(sock, destination, deadline, self._cancellation)
        except TimeoutError as exc:
            sock.close()
            raise ConnectionTimeout("connection_timed_out", location=location) from exc
        except ConnectionRefusedError as exc:
            sock.close()
            raise ConnectionFailed("connection_refused", location=location) from exc
        except OSError as exc:
            sock.close()
            raise ConnectionFailed(
                "host_unreachable", location=location, problem=exc.strerror or "network error"
            ) from exc
        except BaseException:
            sock.close()
            raise
        return sock


def _connect_in_slices(
    sock: socket.socket, destination: Any, deadline: float, cancellation: Cancellation
) -> None:
    sock.setblocking(False)
    status = sock.connect_ex(destination)
    poll = select.poll()
    poll.register(sock, select.POLLOUT)

    # Short waits, because connect itself cannot be cancelled.
    while status == errno.EINPROGRESS:
        cancellation.check()
        if time.monotonic() > deadline:
            raise TimeoutError
        if poll.poll(_SLICE_SECONDS * 1000):
            status = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)

    if status in (errno.ETIMEDOUT, errno.EHOSTUNREACH):
        raise TimeoutError
    if status:
        raise OSError(status, os.strerror(status))

    sock.setblocking(True)


class _Lookup:
    """The resolution of one name in a thread: getaddrinfo has no timeout and no cancellation."""

    def __init__(self, host: str, port: int) -> None:
        self._done = threading.Event()
        self._host = host
        self._addresses: list[_Resolved] = []
        self._failure: Exception | None = None
        # A daemon: a name server that never answers must not keep the process alive.
        threading.Thread(target=self._run, args=(host, port), name="resolve", daemon=True).start()

    def result(self, deadline: float, cancellation: Cancellation) -> list[_Resolved]:
        while not self._done.wait(_SLICE_SECONDS):
            cancellation.check()
            if time.monotonic() > deadline:
                raise ConnectionTimeout("name_server_timed_out", host=self._host)
        if self._failure is not None:
            raise self._failure
        return self._addresses

    def _run(self, host: str, port: int) -> None:
        try:
            self._addresses = _look_up(host, port)
        except Exception as exc:
            self._failure = exc
        finally:
            self._done.set()


def _look_up(host: str, port: int) -> list[_Resolved]:
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except socket.gaierror as exc:
        is_temporary = exc.errno == socket.EAI_AGAIN
        raise HostUnknown(
            "name_unresolved" if is_temporary else "name_unknown", temporary=is_temporary, host=host
        ) from exc
    except (UnicodeError, OSError) as exc:
        raise HostUnknown("host_name_invalid", host=host[:100]) from exc

    return [(family, str(address[0]), address) for family, _, _, _, address in addresses]


def host_and_port(url: str) -> tuple[str, int]:
    """Return the host and the port of a URL.

    Raises:
        EgressRefused: another scheme than http and https, no host, a malformed port, or a login in
            the URL.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
        parts = urlsplit("")

    # A login in a URL would be sent as a credential by libraries.
    if (
        parts.scheme not in ("http", "https")
        or not host
        or parts.username is not None
        or parts.password is not None
    ):
        raise EgressRefused("url_not_plain")
    return host, port or (443 if parts.scheme == "https" else 80)
