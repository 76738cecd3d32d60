"""Whom this installation connects to, and the one place that opens a connection.

Every socket of the client is opened by `Dialer.connect`: the name is resolved here, each address is judged, and the
connection goes to a judged address, so a name that later resolves elsewhere changes nothing.
"""

import contextlib
import enum
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

from .errors import ConnectionFailed, ConnectionTimeout, EgressRefused, HostUnknown
from .sockets import SocketWatch
from .store import Cancellation

_SLICE_SECONDS = 0.25
_SHORT_TRY_SECONDS = 3.0
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_Resolved = tuple[socket.AddressFamily, str, Any]

_METADATA = frozenset(
    ipaddress.ip_address(text)
    for text in (
        "100.100.100.200",  # Alibaba Cloud
        "168.63.129.16",  # Azure
        "192.0.0.192",  # Oracle Cloud
        "fd00:ec2::254",  # AWS
        "fd20:ce::254",  # Google Cloud
    )
)
_THIS_NETWORK = ipaddress.ip_network("0.0.0.0/8")
_NAT64 = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))


class Reach(enum.Enum):
    """How far away an address is."""

    PUBLIC = "a public address"
    PRIVATE = "an address in a private network"
    LOOPBACK = "this machine itself"
    NEVER = "a link-local, metadata or reserved address"


def reach_of(text: str) -> Reach:
    """The reach of an IP address; the IPv4 address inside an IPv6 one counts."""
    address = _unwrapped(ipaddress.ip_address(text.partition("%")[0]))
    if (
        address in _METADATA
        or address.is_link_local
        or address.is_multicast
        or address.is_unspecified
    ):
        return Reach.NEVER
    if address.is_loopback:
        return Reach.LOOPBACK
    if address.is_reserved or address in _THIS_NETWORK:
        return Reach.NEVER
    return Reach.PUBLIC if address.is_global else Reach.PRIVATE


def _unwrapped(address: _Address) -> _Address:
    if isinstance(address, ipaddress.IPv4Address):
        return address
    inner = (
        address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
    )
    is_compatible = int(address) >> 32 == 0 and int(address) > 1
    if inner is None and (is_compatible or any(address in network for network in _NAT64)):
        inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return inner or address


@dataclass(frozen=True, slots=True)
class EgressPolicy:
    """What may be connected to (design, "Egress"). Link-local and metadata addresses never may.

    Args:
        allow_private: a registry, or a token host approved for it, may lie in a private network.
        allow_loopback: a registry may be on this machine.
        proxy_url: the HTTP proxy for everything that `no_proxy` does not name; it may carry a login.
        no_proxy: hosts, domains, addresses or networks (`example.com`, `.internal`, `10.0.0.0/8`, `*`) reached directly.
    """

    allow_private: bool = True
    allow_loopback: bool = False
    proxy_url: str | None = field(default=None, repr=False)
    no_proxy: Sequence[str] = ()

    def proxy_for(self, host: str, port: int) -> str | None:
        """The proxy's URL for a destination; None for a direct connection. Loopback is always direct."""
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
    pattern = pattern.strip().lower()
    host = host.lower().rstrip(".")
    if pattern in ("*", host, f"{host}:{port}"):
        return True
    address = _literal(host)
    if address is not None:
        with contextlib.suppress(ValueError):
            return address in ipaddress.ip_network(pattern, strict=False)
    return bool(pattern) and host.endswith("." + pattern.removeprefix("*").removeprefix("."))


def _literal(host: str) -> _Address | None:
    try:
        return ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return None


class Dialer:
    """Opens the connections of one client.

    The registry's own host is judged by the policy. A host that an answer names (a redirect, a Location, a token
    realm) is judged more strictly, because who answers is not who administers this installation: never loopback, and a
    private network only where an administrator approved that host, or where the registry itself lies in one.

    Args:
        own_host: the registry's host name, without a port.
        is_approved: whether an administrator named this host (token hosts).
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
        self._own_was_public = self._own_is_near = False

    def is_own(self, host: str) -> bool:
        """Whether a host name is the registry's own."""
        return host.strip("[]").lower() == self._own_host

    def is_vouched_for(self, host: str) -> bool:
        """Whether a host name is the registry's own, or was approved for it."""
        return self.is_own(host) or self._is_approved(host)

    def connect(
        self, host: str, port: int, seconds: float, *, is_proxy: bool = False
    ) -> socket.socket:
        """A connected TCP socket.

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
        for index, address in enumerate(addresses):
            is_last = index == len(addresses) - 1
            until = deadline if is_last else min(deadline, time.monotonic() + _SHORT_TRY_SECONDS)
            try:
                return self._open(address, until, f"{host}:{port}")
            except ConnectionFailed as exc:
                failure = exc
        raise failure or HostUnknown(
            f"The name {host} has no address.", advice="Check the spelling of the registry's host."
        )

    def check_proxied(self, host: str, port: int, seconds: float) -> None:
        """Judge a destination that the proxy will connect to, as far as this machine can resolve it.

        Raises:
            EgressRefused.
        """
        try:
            addresses = self._resolve(host, port, time.monotonic() + seconds)
        except ConnectionFailed:
            return  # only the proxy knows this name
        self._permitted(host, addresses)

    def _permitted(self, host: str, addresses: Sequence[_Resolved]) -> list[_Resolved]:
        reaches = {address[1]: reach_of(address[1]) for address in addresses}
        is_own = self.is_own(host)
        permitted = [
            address for address in addresses if self._may(reaches[address[1]], host, is_own)
        ]
        if not permitted:
            raise self._refusal(host, next(iter(reaches.values())), is_own)
        if is_own:
            # A name that has a public address too, now or before, may be anybody's: it opens no private network.
            self._own_was_public |= any(
                reaches[address[1]] is Reach.PUBLIC for address in permitted
            )
            self._own_is_near = not self._own_was_public
        return permitted

    def _may(self, reach: Reach, host: str, is_own: bool) -> bool:
        if reach is Reach.PUBLIC:
            return True
        if reach is Reach.PRIVATE:
            return self.policy.allow_private and (
                is_own or self._own_is_near or self._is_approved(host)
            )
        return reach is Reach.LOOPBACK and is_own and self.policy.allow_loopback

    def _refusal(self, host: str, reach: Reach, is_own: bool) -> EgressRefused:
        if is_own:
            settings = {
                Reach.PRIVATE: "addresses in private networks",
                Reach.LOOPBACK: "registries on this machine itself",
            }
            advice = (
                f"Whoever runs this installation can allow {settings[reach]} in its settings."
                if reach in settings
                else "Such addresses are never connected to; check the registry's host and your name server."
            )
            return EgressRefused(
                f"{host} is {reach.value}, which this installation does not connect to.",
                advice=advice,
            )
        return EgressRefused(
            f"The registry {self._own_host} sends this client on to {host}, which is {reach.value}: refused.",
            advice="Do not trust that registry before its administrator has explained this.",
        )

    def _resolve(self, host: str, port: int, deadline: float) -> list[_Resolved]:
        self._cancellation.check()
        name = host.strip("[]")
        if _literal(name) is not None:
            return _look_up(name, port)
        return _Lookup(name, port).result(deadline, self._cancellation)

    def _open(self, address: _Resolved, deadline: float, place: str) -> socket.socket:
        family, _, destination = address
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            _connect_in_slices(sock, destination, deadline, self._cancellation)
        except TimeoutError as exc:
            sock.close()
            raise ConnectionTimeout(
                f"{place} did not answer in time.",
                advice="Check the host and the port, and whether a firewall lies between.",
            ) from exc
        except ConnectionRefusedError as exc:
            sock.close()
            raise ConnectionFailed(
                f"Nothing listens at {place}: the connection was refused.",
                advice="Check the port, and whether the registry is running.",
            ) from exc
        except OSError as exc:
            sock.close()
            raise ConnectionFailed(
                f"{place} cannot be reached: {exc.strerror or 'network error'}.",
                advice="Check the network and the host.",
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
    """One name resolved in a thread of its own, because getaddrinfo knows neither time limits nor cancellation."""

    def __init__(self, host: str, port: int) -> None:
        self._done = threading.Event()
        self._host = host
        self._found: list[_Resolved] = []
        self._failure: Exception | None = None
        threading.Thread(target=self._run, args=(host, port), name="resolve", daemon=True).start()

    def result(self, deadline: float, cancellation: Cancellation) -> list[_Resolved]:
        while not self._done.wait(_SLICE_SECONDS):
            cancellation.check()
            if time.monotonic() > deadline:
                raise ConnectionTimeout(
                    f"The name {self._host} could not be resolved in time.",
                    advice="Check this machine's name server.",
                )
        if self._failure is not None:
            raise self._failure
        return self._found

    def _run(self, host: str, port: int) -> None:
        try:
            self._found = _look_up(host, port)
        except Exception as exc:
            self._failure = exc
        finally:
            self._done.set()


def _look_up(host: str, port: int) -> list[_Resolved]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except socket.gaierror as exc:
        may_pass = exc.errno == socket.EAI_AGAIN
        raise HostUnknown(
            f"The name {host} {'could not be resolved just now' if may_pass else 'does not exist'}.",
            advice="Check the spelling of the registry's host, and this machine's name server.",
            temporary=may_pass,
        ) from exc
    except (UnicodeError, OSError) as exc:
        raise HostUnknown(
            f"{host[:100]} is not a host name.", advice="Check the spelling of the registry's host."
        ) from exc
    return [(family, str(address[0]), address) for family, _, _, _, address in found]


def host_and_port(url: str) -> tuple[str, int]:
    """Where a URL points.

    Raises:
        EgressRefused: another scheme than http and https, no host, a malformed port, or a login inside.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
        parts = urlsplit("")
    if (
        parts.scheme not in ("http", "https")
        or not host
        or parts.username is not None
        or parts.password is not None
    ):
        raise EgressRefused(
            "The registry answers with an address that is not a plain http or https URL: refused."
        )
    return host, port or (443 if parts.scheme == "https" else 80)
