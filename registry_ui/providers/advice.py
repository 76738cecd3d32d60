"""Advice for a person after a registry's refusal, by the registry's provider."""

from .catalogue import GENERAL, PROVIDERS, provider_for_host, without_port
from .provider import Provider


def advice_for(host: str, name: str, *, repository: str = "", hint: str = "") -> str:
    """Return one sentence of advice; empty where there is none.

    Args:
        host: the registry as references carry it.
        name: a member of `Advice`.
        repository: replaces `{repository}` in the sentence.
        hint: the refusal's own text, by which a provider under any host name is recognized.
    """
    for provider in (_provider_of(host, hint), GENERAL):
        sentence = str(getattr(provider.advice, name))
        if sentence:
            return sentence.replace("{repository}", repository)
    return ""


def _provider_of(host: str, hint: str) -> Provider:
    provider = provider_for_host(host)
    if provider is not GENERAL:
        return provider

    name = without_port(host)
    guesses = (other for other in PROVIDERS if other.recognizes_refusal(name, hint))
    return next(guesses, GENERAL)
