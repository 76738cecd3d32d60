"""Webhooks of registries: the pushed tags, and the setup at the registry."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from .provider import Provider, PushedTag

# A body of a mebibyte could name tens of thousands.
_MAX_PUSHES = 1000


@dataclass(frozen=True, slots=True)
class WebhookSetup:
    """The instructions for one kind of registry."""

    provider: Provider
    configuration: str


def read_pushes(document: Any, providers: Iterable[Provider]) -> list[PushedTag]:
    """Return the distinct pushed tags of a webhook, in the format of the first provider that fits.

    Raises:
        ValueError: it is in no provider's format.
    """
    # A body may be any JSON value.
    content = document if isinstance(document, dict) else {}
    for provider in providers:
        pushes = provider.read_webhook(content)
        if pushes is not None:
            return list(dict.fromkeys(pushes))[:_MAX_PUSHES]
    raise ValueError("no webhook of a known registry")


def list_setups(providers: Iterable[Provider], address: str, secret: str) -> Iterator[WebhookSetup]:
    """Yield the setup of each provider that has webhooks."""
    for provider in providers:
        if provider.webhook_title:
            yield WebhookSetup(provider, provider.webhook_configuration(address, secret))
