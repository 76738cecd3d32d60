"""The list of all providers, and the choice among them by name or by host."""

from .aliyun import AliyunAcr
from .aws_ecr import AwsEcr
from .azure import AzureAcr
from .builtin import BuiltinRegistry
from .docker_hub import DockerHub
from .ghcr import Ghcr
from .gitlab import GitLab
from .google import GoogleArtifactRegistry
from .harbor import Harbor
from .huawei import HuaweiSwr
from .private import PrivateRegistry
from .provider import Provider, Text
from .quay import Quay
from .tencent import TencentTcr

GENERAL = PrivateRegistry()
"""The provider of every host that no other one recognizes, and of general advice."""

BUILTIN = BuiltinRegistry()
"""The provider of the registry that this installation serves itself."""

PROVIDERS: tuple[Provider, ...] = (
    # In the order of the tiles on the page "Add a registry".
    DockerHub(),
    AliyunAcr(),
    TencentTcr(),
    AwsEcr(),
    Harbor(),
    Ghcr(),
    GENERAL,
    # Recognized by the host; their registries are of the kind of GENERAL.
    AzureAcr(),
    GoogleArtifactRegistry(),
    Quay(),
    HuaweiSwr(),
    GitLab(),
    # Not added by people.
    BUILTIN,
)
_BY_NAME = {provider.name: provider for provider in PROVIDERS}


def list_addable_providers() -> tuple[Provider, ...]:
    """Return the providers that a team can add; the built-in registry exists by itself."""
    return tuple(provider for provider in PROVIDERS if provider.is_addable)


def provider_choices() -> list[tuple[str, Text]]:
    """Return the kinds of registry that a row can have, as a model field takes them."""
    return [(provider.name, provider.title) for provider in (*list_addable_providers(), BUILTIN)]


def provider_named(name: str) -> Provider:
    """Return the provider with a stored name.

    Raises:
        KeyError
    """
    return _BY_NAME[name]


def provider_for_host(host: str) -> Provider:
    """Return the provider of a host, judged by its name; `GENERAL` if none is recognized."""
    name = without_port(host)
    certain = (provider for provider in PROVIDERS if provider.matches_host(name))
    likely = (provider for provider in PROVIDERS if provider.resembles_host(name))
    return next(certain, None) or next(likely, GENERAL)


def addable_provider_for_host(host: str) -> Provider:
    """Return the provider whose tile fits a host."""
    provider = provider_for_host(host)
    return provider if provider.is_addable else GENERAL


def registry_host_of(host: str) -> str:
    """Return the registry behind a host of web pages; any other host unchanged."""
    pages = (provider for provider in PROVIDERS if host in provider.web_hosts)
    provider = next(pages, None)
    return provider.host if provider is not None else host


def without_port(host: str) -> str:
    # The last group of an IPv6 address in brackets is no port.
    return host.rpartition(":")[0] if ":" in host and not host.endswith("]") else host
