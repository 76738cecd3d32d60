"""The egress policy of the installation, as its settings say."""

from django.conf import settings

from registry_ui.oci.egress import EgressPolicy


def egress_policy() -> EgressPolicy:
    """Return which addresses this installation may connect to, and through which proxy."""
    return EgressPolicy(
        allow_private=settings.EGRESS_ALLOW_PRIVATE,
        allow_loopback=settings.EGRESS_ALLOW_LOOPBACK,
        proxy_url=settings.PROXY_URL or None,
        no_proxy=tuple(settings.NO_PROXY),
    )
