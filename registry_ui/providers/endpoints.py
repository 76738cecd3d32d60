"""Endpoints of registries, with the hosts that their providers add."""

from collections.abc import Iterable

from registry_ui.oci.client import Endpoint
from registry_ui.oci.request_context import GENERAL_TEXTS

from .catalogue import PROVIDERS, provider_for_host

# Of all providers, because some run under any host name.
_REFUSAL_TEXTS = sum((provider.refusal_texts for provider in PROVIDERS), GENERAL_TEXTS)


def endpoint_for(
    host: str, *, scheme: str = "https", ca_pem: str = "", token_hosts: Iterable[str] = ()
) -> Endpoint:
    """Return the endpoint of a registry, whether or not a team has a row for it.

    Args:
        token_hosts: further token services that a person has approved.
    """
    provider = provider_for_host(host)
    return Endpoint(
        host,
        scheme=scheme,
        ca_pem=ca_pem,
        token_hosts=approved_token_hosts(host, token_hosts),
        api_host=provider.api_host(host),
        refusal_texts=_REFUSAL_TEXTS,
    )


def approved_token_hosts(host: str, configured: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the other hosts to which credentials may be sent: the provider's and configured ones.

    A token service is approved by its host's name, which URL parsers return without the brackets
    of an IPv6 address.
    """
    known = provider_for_host(host).token_hosts(host)
    return (*known, *(name.strip("[]") for name in configured))
