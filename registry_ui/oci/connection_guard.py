"""The egress rules for libraries that open connections of their own.

An audit hook (PEP 578) sees the address of each `socket.connect`, after every name was resolved, so
a redirect, or a name that resolves elsewhere later, is judged too. Hooks cannot be removed: this
one is added once, and judges only the threads that are guarded.
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

from .address_scope import AddressScope, address_scope
from .egress import EgressPolicy
from .errors import EgressRefused


@dataclass(frozen=True, slots=True)
class _Guard:
    policy: EgressPolicy
    named_addresses: frozenset[str]
    proxy: frozenset[str]


# PEP 578: the hook sees every thread of the process, guarded or not.
_thread_state = threading.local()
_hook_lock = threading.Lock()
_is_hook_added = False


@contextlib.contextmanager
def guarded(policy: EgressPolicy, host: str = "") -> Iterator[None]:
    """Restrict this thread's connections to public addresses and those of one named host.

    A private or loopback address is allowed only where the named host has it and the policy allows
    it. The installation's own proxy is not judged.

    Args:
        host: a name or an address, without a port; empty where every destination is public.

    Raises:
        EgressRefused: from inside the call that connects; a library may turn it into its own error.
    """
    _add_hook()
    _thread_state.guard = _Guard(
        policy, _addresses_of(host), _addresses_of(urlsplit(policy.proxy_url or "").hostname or "")
    )

    try:
        yield
    finally:
        _thread_state.guard = None


def _add_hook() -> None:
    global _is_hook_added
    with _hook_lock:
        if not _is_hook_added:
            sys.addaudithook(_audit)
            _is_hook_added = True


def _addresses_of(host: str) -> frozenset[str]:
    if not host:
        return frozenset()
    # The name may resolve differently later; only addresses that it has now are allowed.
    try:
        return frozenset(
            str(entry[4][0]) for entry in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        )
    except (OSError, UnicodeError):
        return frozenset()


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    # The hook runs for every event of the interpreter, so the common case returns first.
    if event not in ("socket.connect", "socket.sendto"):
        return
    guard: _Guard | None = getattr(_thread_state, "guard", None)
    if guard is not None:
        _check(guard, arguments[1])


def _check(guard: _Guard, address: Any) -> None:
    text = str(address[0]) if isinstance(address, tuple) and address else ""
    try:
        # A zone index (%eth0) is not part of the address.
        ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        # A socket in the file system, or a name that nobody has resolved.
        raise EgressRefused("address_not_of_network") from None

    scope = address_scope(text)
    if scope is AddressScope.PUBLIC or text in guard.proxy:
        return

    allowed = {
        AddressScope.PRIVATE: guard.policy.allow_private,
        AddressScope.LOOPBACK: guard.policy.allow_loopback,
    }.get(scope, False)
    if not allowed or text not in guard.named_addresses:
        raise EgressRefused("socket_address_refused", address=text, scope=scope.value)
