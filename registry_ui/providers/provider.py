"""One interface for every kind of registry: its hosts, its forms, its answers and its own APIs.

A provider knows plain values only: a host, a login, a client that the caller opened.
"""

import fnmatch
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from registry_ui.oci.client import BasicCredential, RegistryClient
from registry_ui.oci.digest import Digest
from registry_ui.oci.registry_login import RegistryLogin
from registry_ui.oci.request_context import GENERAL_TEXTS, RefusalTexts

from .repository_lists import (
    ListingSource,
    ListingUnavailable,
    RepositoryList,
    catalog_names,
    started_list,
)

Text = str | Promise


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """A provider's sentences about a refusal; an empty one falls back to the general sentence.

    `{repository}` in a sentence stands for the repository.

    Args:
        missing: the target repository, namespace or project does not exist.
        denied_push, denied_pull: the credential has too few rights.
        login: the username and secret to log in with.
        limit: the registry asks to slow down.
        denied_deletion, denied_listing: the credential has too few rights for that.
        deletion: the registry does not delete for its clients.
    """

    missing: Text = ""
    denied_push: Text = ""
    denied_pull: Text = ""
    login: Text = ""
    limit: Text = ""
    denied_deletion: Text = ""
    denied_listing: Text = ""
    deletion: Text = ""


@dataclass(frozen=True, slots=True)
class PushedTag:
    """A pushed tag and its repository, as a webhook names them."""

    repository: str
    tag: str


@dataclass(frozen=True, slots=True)
class GuideLogin:
    """A provider's row in the guide's table of logins.

    Args:
        username, secret, before_push: texts.
        username_code, code: what stands after the username and the secret, set as code.
    """

    username: Text
    secret: Text
    before_push: Text
    username_code: str = ""
    code: str = ""


class Provider:
    """A kind of registry. A subclass states what differs; everything else has a default.

    Attributes:
        name: the value that rows store, so it never changes; at most 20 characters.
        is_addable: whether it has a tile of its own. The registries of other providers are of the
            kind of `PrivateRegistry`, and keep this one's hosts and advice.
        icon: the name of an outline icon of Tabler.
        host: fixed for a provider with one host only; empty for others.
        host_patterns: patterns of `fnmatch` that recognize a host of the provider.
        secret_name: the provider's word for the secret.
        secret_steps: the three steps to create a secret that can be revoked.
        secret_lifetime: the validity of such a secret, if the provider limits it.
        push_requirement: the thing that must exist before the first push.
        namespaces_label: the label of the field for namespaces or projects to list; empty if the
            provider does not list by them.
        namespaces_help, namespaces_example: the help text and example of that field.
        has_catalog: whether the provider lists all of its repositories.
        no_listing_reason: why the provider does not list its repositories.
        has_own_network: whether it can be in a private network, with own connection settings.
        example: an example of a repository name.
        guide_login: its row in the guide's table of logins; None without one.
        no_credentials_text: the text of a registry's page that has no credentials yet.
        is_default: whether every team has it from the start.
        requires_login_to_push: whether it accepts no anonymous push.
        has_two_part_names: whether every repository is in a namespace.
        account_is_namespace: whether an account's namespace has the account's name.
        reserved_namespaces: namespaces to which only the provider itself pushes. They are not
            listed either, because they belong to no team.
        reserved_message: the sentence about a push to one of them.
        reserved_listing_message: the sentence about listing one of them.
        webhook_title, webhook_help: the heading and the steps to set up its webhook; empty if it
            has none.
        webhook_format: the name of its webhook's format in an error message.
        web_hosts: hosts of its web pages, which people paste; no registry answers there.
        advice: the sentences about its refusals.
        error_texts: the sentence and the advice for each code of an error that only the provider
            raises; `web.errors` adds them to its tables.
        refusal_texts: the texts in its refusals that mean more than their codes. They hold for
            every registry, because a provider may run under any host name.
    """

    name: str
    title: Text
    is_addable: bool = True

    # The tile and the form.
    icon: str = "server-2"
    tagline: Text = ""
    host: str = ""
    host_example: str = ""
    host_help: Text = ""
    username_example: str = ""
    username_help: Text = ""
    secret_name: Text = ""
    secret_steps: tuple[Text, ...] = ()
    console: str = ""
    secret_lifetime: timedelta | None = None
    push_requirement: Text = ""
    namespaces_label: Text = ""
    namespaces_help: Text = ""
    namespaces_example: str = ""
    has_catalog: bool = True
    no_listing_reason: Text = ""
    has_own_network: bool = False
    example: str = ""
    no_credentials_text: Text = _(
        "Pushing, and pulling private images, needs a login. Your team shares it, and nobody sees "
        "its secret."
    )

    guide_login: GuideLogin | None = None

    # Its rules.
    is_default: bool = False
    requires_login_to_push: bool = False
    has_two_part_names: bool = False
    account_is_namespace: bool = False
    reserved_namespaces: tuple[str, ...] = ()
    reserved_message: Text = ""
    reserved_listing_message: Text = ""

    # Its webhook.
    webhook_title: Text = ""
    webhook_help: Text = ""
    webhook_format: Text = ""

    # Its hosts and its answers.
    host_patterns: tuple[str, ...] = ()
    web_hosts: tuple[str, ...] = ()
    advice: Advice = Advice()
    refusal_texts: RefusalTexts = GENERAL_TEXTS
    error_texts: Mapping[str, tuple[Text, Text]] = MappingProxyType({})

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"

    def new_secret_expiry(self) -> datetime | None:
        """Return the expiry of a secret created now; None if the provider does not limit it."""
        return timezone.now() + self.secret_lifetime if self.secret_lifetime else None

    def registry_name(self, host: str) -> str:
        """Return the name of a registry that nobody has named: one host, one name."""
        return str(self.title) if self.host else host[:100]

    def is_reserved(self, repository: str) -> bool:
        """Return whether only the provider itself pushes to a repository."""
        return repository.startswith(tuple(f"{name}/" for name in self.reserved_namespaces))

    def matches_host(self, host: str) -> bool:
        """Return whether a host, without a port, is certainly the provider's."""
        return any(fnmatch.fnmatchcase(host, pattern) for pattern in self.host_patterns)

    def resembles_host(self, host: str) -> bool:
        """Return whether a host that no provider is certain of looks like one of this kind."""
        return False

    def recognizes_refusal(self, host: str, text: str) -> bool:
        """Return whether a refusal sounds like this provider, where no host pattern matches."""
        return False

    def api_host(self, host: str) -> str:
        """Return the host that serves /v2/ for a registry; empty if it is the registry's own."""
        return ""

    def token_hosts(self, host: str) -> tuple[str, ...]:
        """Return the hosts of the provider's own token services for a registry, as exact names.

        The credential is sent there, so no pattern may match names that customers can choose.
        """
        return ()

    def exchange_login(
        self, credential: BasicCredential, open_client: Callable[[], RegistryClient]
    ) -> RegistryLogin:
        """Return the registry login for a stored credential: the credential itself, by default.

        It is called again before the login expires, also in the middle of a transfer, and once
        after the registry has refused it.

        Args:
            open_client: opens an anonymous client of the registry, for `JsonApi`. To be closed.

        Raises:
            OciError
        """
        return RegistryLogin(credential)

    def list_repositories(self, source: ListingSource) -> RepositoryList:
        """Return the registry's repositories; the first page is requested at once.

        Raises:
            ListingUnavailable: the registry has no list. From the iterator: a part has none, and
                all other names were returned before.
            Unauthorized: the provider's API refuses the login.
            OciError: the registry fails, or its list is invalid.
        """
        if not self.has_catalog:
            raise ListingUnavailable("listing_unavailable", provider=self.name)
        return self.list_catalog(source)

    def list_catalog(self, source: ListingSource) -> RepositoryList:
        """Return the repositories in the registry's own catalog. Errors: `list_repositories`."""
        names = catalog_names(
            source,
            has_namespaces=bool(self.namespaces_label),
            provider=self.name if self.no_listing_reason else "",
        )
        return started_list(names, is_catalog=True)

    def delete_tag(
        self,
        client: RegistryClient,
        login: BasicCredential | None,
        repository: str,
        tag: str,
        digest: Digest,
    ) -> bool:
        """Delete one tag by an API of the provider's own, where it does not do so by the spec.

        Args:
            login: the stored credential, sent to the registry's own host or to the provider's API.
            digest: the manifest that the tag names; a tag that was moved meanwhile stays.

        Returns:
            False where the provider has no such API, or where it refuses.

        Raises:
            RateLimited, ServerFailed, ConnectionFailed, Cancelled
        """
        return False

    def webhook_configuration(self, address: str, secret: str) -> str:
        """Return the text to copy into the registry's configuration; empty if there is none.

        Args:
            secret: may be a placeholder.
        """
        return ""

    def read_webhook(self, document: Mapping[str, Any]) -> Iterator[PushedTag] | None:
        """Return the pushed tags of a webhook; None if it is not in this provider's format."""
        return None
