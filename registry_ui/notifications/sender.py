"""The delivery of one message, with a timeout and within the egress rules."""

import contextlib
import logging
import os
from collections.abc import Iterator

from registry_ui.egress import egress_policy
from registry_ui.oci.connection_guard import guarded
from registry_ui.oci.egress import EgressPolicy
from registry_ui.oci.errors import OciError

from .addresses import read_address

logger = logging.getLogger(__name__)

CONNECT_SECONDS, READ_SECONDS = 5.0, 15.0
_PROXY_NAMES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


def deliver(address: str, *, title: str, body: str, is_bad: bool) -> bool:
    """Send a message and return whether the service accepted it.

    The reason of a failure is not reported: it would tell open ports from closed ones.

    Raises:
        OciError: the address is invalid.
    """
    target = read_address(address)
    target.plugin.socket_connect_timeout, target.plugin.socket_read_timeout = (
        CONNECT_SECONDS,
        READ_SECONDS,
    )
    policy = egress_policy()

    with _proxy_environment(policy), guarded(policy, target.named_host):
        try:
            return bool(
                target.plugin.notify(
                    title=title, body=body, notify_type="failure" if is_bad else "success"
                )
            )
        except (OciError, OSError, TypeError, ValueError) as exc:
            # apprise plugins raise these for a response that they do not expect.
            logger.info("A notice to %s was not delivered: %s", target.scheme, type(exc).__name__)
            return False


@contextlib.contextmanager
def _proxy_environment(policy: EgressPolicy) -> Iterator[None]:
    """Set the configured proxy in the environment, and no other.

    The plugins of apprise read their proxy there.
    """
    names = [*_PROXY_NAMES, *map(str.lower, _PROXY_NAMES)]

    # An RQ worker runs one job at a time, so no other thread sees the change.
    previous = {name: os.environ.pop(name) for name in names if name in os.environ}
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
        os.environ.update(previous)
