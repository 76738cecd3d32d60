"""One notice on its way. It is sent by a worker, with a time-out, and only where the egress rules lead."""

import contextlib
import logging
import os
from collections.abc import Iterator

from registry_ui.oci.egress import EgressPolicy
from registry_ui.oci.errors import OciError
from registry_ui.oci.guard import guarded
from registry_ui.registries.services import egress_policy

from .kinds import read_address

logger = logging.getLogger(__name__)

CONNECT_SECONDS, READ_SECONDS = 5.0, 15.0
_PROXY_NAMES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


def deliver(address: str, *, title: str, body: str, is_bad: bool) -> bool:
    """Whether the service took it. Why it did not is said to nobody: that would tell open ports from closed ones.

    Raises:
        OciError: the address is none.
    """
    found = read_address(address)
    found.plugin.socket_connect_timeout, found.plugin.socket_read_timeout = (
        CONNECT_SECONDS,
        READ_SECONDS,
    )
    policy = egress_policy()
    with _proxied(policy), guarded(policy, found.named_host):
        try:
            return bool(
                found.plugin.notify(
                    title=title, body=body, notify_type="failure" if is_bad else "success"
                )
            )
        except (OciError, OSError, TypeError, ValueError) as exc:
            logger.info("A notice to %s was not delivered: %s", found.scheme, type(exc).__name__)
            return False


@contextlib.contextmanager
def _proxied(policy: EgressPolicy) -> Iterator[None]:
    """This installation's proxy, and none that the environment names: the plugins read it there."""
    names = [*_PROXY_NAMES, *map(str.lower, _PROXY_NAMES)]
    kept = {name: os.environ.pop(name) for name in names if name in os.environ}
    if policy.proxy_url:
        os.environ.update(
            {
                "HTTP_PROXY": policy.proxy_url,
                "HTTPS_PROXY": policy.proxy_url,
                "NO_PROXY": ",".join(policy.no_proxy),
            }
        )
    try:
        yield
    finally:
        for name in names:
            os.environ.pop(name, None)
        os.environ.update(kept)
