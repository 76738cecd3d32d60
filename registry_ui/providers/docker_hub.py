"""Docker Hub (docker.io), where short names such as nginx come from."""

import re
from collections.abc import Iterator
from types import MappingProxyType
from urllib.parse import quote

from django.utils.translation import gettext_lazy as _

from registry_ui.oci.api import JsonApi
from registry_ui.oci.errors import Unauthorized
from registry_ui.oci.http_messages import Authorization
from registry_ui.oci.name_lists import following_page
from registry_ui.oci.reference import DEFAULT_NAMESPACE, DOCKER_HUB

from .provider import Advice, GuideLogin, Provider
from .repository_lists import (
    ListingSource,
    ListingUnavailable,
    RepositoryList,
    is_namespace,
    merged_names,
    started_list,
    texts_in,
)

API = "https://hub.docker.com"

# The API returns at most 100 entries a page (PROTOCOL.md, "Providers").
_PAGE = 100
_PAGES_LIMIT = 2_000
_TOKEN = re.compile(r"[\x21-\x7e]{1,16384}")


class DockerHub(Provider):
    name = "docker_hub"
    title = _("Docker Hub")
    icon = "brand-docker"
    tagline = _("docker.io, where short names such as nginx come from")
    host = DOCKER_HUB
    host_patterns = (DOCKER_HUB,)
    username_example = "johndoe"
    username_help = _(
        "Your Docker ID, or the organisation's name for an organisation's token. Not the "
        "e-mail address."
    )
    secret_name = _("Access token")
    secret_steps = (
        _("Sign in at Docker Hub and open Account settings, then Personal access tokens."),
        _("Generate a token: Read-only is enough to pull, pushing needs Read & Write."),
        _(
            "Copy it here. It is shown once, can be revoked by itself, and works where "
            "two-factor login is on."
        ),
    )
    console = "https://app.docker.com/settings/personal-access-tokens"
    push_requirement = _(
        "A repository is made by the first push; its name begins with your user name or your "
        "organisation."
    )
    namespaces_label = _("Namespaces to list")
    namespaces_help = _(
        "User names and organisations, one a line. Left empty, those that the team's "
        "credentials log in as."
    )
    namespaces_example = "my-company"
    example = "johndoe/my-app"
    no_credentials_text = _(
        "Public images need none. A credential lets the team push, see private images, and pull "
        "more often."
    )
    is_default = True
    guide_login = GuideLogin(
        username=_("your Docker ID"),
        secret=_("an access token: Account settings, Personal access tokens"),
        before_push=_("nothing: the push makes the repository"),
    )
    requires_login_to_push = True
    has_two_part_names = True
    account_is_namespace = True
    # The official images: over a hundred repositories with thousands of tags each.
    reserved_namespaces = (DEFAULT_NAMESPACE,)
    reserved_message = _(
        "On Docker Hub a name without a namespace is an official image, which only Docker pushes."
    )
    reserved_listing_message = _(
        "Docker Hub's official images (library) are too many to list: pin those that you use."
    )
    error_texts = MappingProxyType(
        {
            "docker_hub_without_namespace": (
                _("Docker Hub lists the repositories of a namespace only, and none is known here."),
                _(
                    "Name your namespaces in the registry's settings, or add a credential. Add the "
                    "repositories that you need by name; those that somebody pulls or pushes here "
                    "are listed by themselves."
                ),
            ),
            "docker_hub_without_token": (
                _("Docker Hub answers the login without a token."),
                _("Check the credential, then try again."),
            ),
        }
    )
    # People copy them from the address bar.
    web_hosts = ("hub.docker.com", "www.docker.com", "docker.com", "app.docker.com")
    advice = Advice(
        missing=_(
            "Check the spelling; a private repository also looks missing without a credential "
            "that may see it."
        ),
        denied_push=_(
            "On Docker Hub the part before the slash must be your user name or an "
            "organisation that you may push to, "
            "and the access token needs the permission Read & Write."
        ),
        denied_pull=_(
            "Docker Hub answers like this for a private repository and for one that does "
            "not exist: check the spelling, "
            "or use a credential that may see it."
        ),
        login=_(
            "Log in with your Docker Hub user name and a personal access token (Account "
            "settings, Personal access tokens)."
        ),
        limit=_(
            "Docker Hub limits anonymous pulls by address; sign in with a credential for a "
            "higher limit, or wait."
        ),
        denied_deletion=_(
            "On Docker Hub the access token needs the permission Read, Write & Delete."
        ),
        deletion=_(
            "Docker Hub deletes tags on its own pages only: open the repository's tags there."
        ),
    )

    def api_host(self, host: str) -> str:
        return "registry-1.docker.io"

    def token_hosts(self, host: str) -> tuple[str, ...]:
        # PROTOCOL.md, "Authentication": the one foreign realm that every installation needs.
        return ("auth.docker.io",)

    def list_repositories(self, source: ListingSource) -> RepositoryList:
        """Return the repositories of the namespaces, from Docker Hub's API: it has no catalog."""
        namespaces = self._namespaces_of(source)
        if not namespaces:
            raise ListingUnavailable("docker_hub_without_namespace")
        api = _open_api(source)
        names = merged_names(namespaces, lambda namespace: _repositories_of(api, namespace))
        return started_list(names)

    def _namespaces_of(self, source: ListingSource) -> list[str]:
        """Return the namespaces in the settings, else the accounts of the credentials."""
        lowered = (name.strip().lower() for name in source.namespaces or source.accounts)
        return [
            name
            for name in dict.fromkeys(lowered)
            if name not in self.reserved_namespaces and is_namespace(name)
        ]


def _open_api(source: ListingSource) -> JsonApi:
    api, login = JsonApi(source.client, API), source.login
    if login is None or login.is_identity_token:
        return api

    # The API wants a JWT of its own, not the registry's token (PROTOCOL.md, "Providers").
    answer = api.post(
        "/v2/auth/token", {"identifier": login.username, "secret": login.secret}
    ).content
    token = answer.get("access_token") if isinstance(answer, dict) else None
    if not isinstance(token, str) or _TOKEN.fullmatch(token) is None:
        raise Unauthorized("docker_hub_without_token")
    return JsonApi(
        source.client,
        API,
        authorization=Authorization(f"Bearer {token}"),
        secrets=(login.secret, token),
    )


def _repositories_of(api: JsonApi, namespace: str) -> Iterator[str]:
    target = f"/v2/namespaces/{quote(namespace, safe='')}/repositories?page_size={_PAGE}"
    seen: set[str] = set()
    for _number in range(_PAGES_LIMIT):
        document = api.get(target)
        content = document.content
        if not isinstance(content, dict):
            content = {"results": content}

        names = texts_in(content.get("results"), "name", document.response.host)
        new = [name for name in dict.fromkeys(names) if name not in seen]
        seen.update(new)
        yield from (f"{namespace}/{name}" for name in new)

        # A page without a new name ends the list: a broken server may link its pages in a circle.
        following = content.get("next")
        if not new or not following or not isinstance(following, str):
            return
        target = following_page(document.response, following, api.client.transport)
