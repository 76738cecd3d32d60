"""The egress rules for libraries that open connections of their own: each address is judged in the moment of connecting.

An audit hook (PEP 578) sees the address that `socket.connect` is given, after every name was resolved, so neither a redirect nor
a name that resolves elsewhere later leads past it. Hooks cannot be taken away: this one is added once, and judges only the
threads that are guarded.
"""

import contextlib
import ipaddress
import socket
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from .egress import EgressPolicy, Reach, reach_of
from .errors import EgressRefused


@dataclass(frozen=True, slots=True)
class _Guard:
    policy: EgressPolicy
    near: frozenset[str]
    proxy: frozenset[str]


_here = threading.local()
_added = threading.Lock()
_is_added = False


@contextlib.contextmanager
def guarded(policy: EgressPolicy, host: str = "") -> Iterator[None]:
    """Within, this thread connects to public addresses, and to private or loopback ones only of the host that a person named.

    The installation's own proxy is not judged.

    Args:
        host: a name or an address, without a port; empty where everything to be reached is public.

    Raises:
        EgressRefused: from within whatever connects elsewhere. A library may turn it into an error of its own.
    """
    _add_hook()
    _here.guard = _Guard(
        policy, _addresses_of(host), _addresses_of(urlsplit(policy.proxy_url or "").hostname or "")
    )
    try:
        yield
    finally:
        _here.guard = None


def _add_hook() -> None:
    global _is_added
    with _added:
        if not _is_added:
            sys.addaudithook(_judge)
            _is_added = True


def _addresses_of(host: str) -> frozenset[str]:
    if not host:
        return frozenset()
    try:
        return frozenset(
            str(found[4][0]) for found in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        )
    except (OSError, UnicodeError):
        return frozenset()


def _judge(event: str, arguments: tuple[Any, ...]) -> None:
    if event not in ("socket.connect", "socket.sendto"):
        return
    guard: _Guard | None = getattr(_here, "guard", None)
    if guard is not None:
        _check(guard, arguments[1])


def _check(guard: _Guard, address: Any) -> None:
    text = str(address[0]) if isinstance(address, tuple) and address else ""
    try:
        ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        # A socket in the file system, or a name that nobody has resolved.
        raise EgressRefused("Only addresses of the network are connected to here.") from None
    reach = reach_of(text)
    if reach is Reach.PUBLIC or text in guard.proxy:
        return
    allowed = {
        Reach.PRIVATE: guard.policy.allow_private,
        Reach.LOOPBACK: guard.policy.allow_loopback,
    }.get(reach, False)
    if not allowed or text not in guard.near:
        raise EgressRefused(
            f"{text} is {reach.value}, which this installation does not connect to."
        )
