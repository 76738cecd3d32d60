"""Harbor, which its users install under any host name."""

import itertools
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from django.utils.translation import gettext_lazy as _

from registry_ui.oci.api import JsonApi
from registry_ui.oci.basic_credential import BasicCredential
from registry_ui.oci.client import RegistryClient
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import InvalidManifest, RateLimited, ResponseError, ServerFailed
from registry_ui.oci.request_context import RefusalTexts

from .provider import Advice, GuideLogin, Provider, PushedTag
from .repository_lists import (
    ListingSource,
    RepositoryList,
    is_namespace,
    merged_names,
    started_list,
    texts_in,
)

# The API returns at most 100 entries a page (PROVIDERS.md, "Harbor").
_PAGE = 100
_PAGES_LIMIT = 2_000
_PROJECTS_LIMIT = 10_000


class Harbor(Provider):
    name = "harbor"
    title = _("Harbor")
    icon = "anchor"
    tagline = _("A Harbor of your own, with projects and robot accounts")
    host_example = "harbor.example.com"
    host_help = _("As in the address of its web page, with no https:// and no path.")
    username_example = "robot$my-project+builder"
    username_help = _("A robot account, such as robot$project+name, or your user name.")
    secret_name = _("Robot secret or CLI secret")
    secret_steps = (
        _(
            "Open the project in Harbor, then Robot Accounts, and make one with the rights "
            "that it needs."
        ),
        _("Copy its secret: it is shown once. Its expiry belongs into this form."),
        _(
            "With single sign-on, a person's secret is the CLI secret of the user profile, not "
            "the password."
        ),
    )
    push_requirement = _(
        "The project, the first part of the name, must exist before the first push."
    )
    namespaces_label = _("Projects to list")
    namespaces_help = _("One a line. Left empty, every project that the login may see.")
    namespaces_example = "my-project"
    has_own_network = True
    example = "my-project/my-app"
    guide_login = GuideLogin(
        username=_("a robot"),
        secret=_("the robot's secret, shown once; with single sign-on, a person's CLI secret"),
        before_push=_("the project must exist"),
        username_code="robot$project+name",
    )
    requires_login_to_push = True
    advice = Advice(
        missing=_(
            "On Harbor the project, the part before the first slash, must exist: have it created "
            "there."
        ),
        denied_push=_(
            "On Harbor the project must exist, and the account or robot needs the role "
            "Developer or push rights in it."
        ),
        denied_pull=_(
            "On Harbor a private project needs an account or robot with pull rights in it."
        ),
        denied_deletion=_(
            "On Harbor the account or robot needs the right to delete artifacts in the "
            "project, or the role Maintainer."
        ),
        login=_(
            "Log in with a user name and its CLI secret (single sign-on), or with a robot account "
            "(robot$project+name)."
        ),
    )

    webhook_title = _("In Harbor")
    webhook_help = _(
        "In the project, under Webhooks: the type “http”, the event “Artifact pushed”, this "
        "address as the endpoint URL, and as the Auth Header the word Bearer, a space and the "
        "secret."
    )
    webhook_format = _("Harbor's webhooks")
    refusal_texts = RefusalTexts(
        over_quota=("exceed the configured upper limit",), proxy_cache=("proxy project",)
    )

    def resembles_host(self, host: str) -> bool:
        # Harbor runs under any domain, but many installations have a label `harbor` in it.
        return "harbor" in host.split(".")

    def recognizes_refusal(self, host: str, text: str) -> bool:
        # Only the word "project" in its refusals tells Harbor from others under any host name.
        return "harbor" in host or "project" in text.lower()

    def list_repositories(self, source: ListingSource) -> RepositoryList:
        """Return the repositories of the projects, from Harbor's API, else from the catalog."""
        # The catalog answers administrators only, the API everybody. A proxy in front may hide
        # the API, and then the catalog is tried.
        try:
            return started_list(_repository_names(source))
        except (ResponseError, InvalidManifest) as exc:
            if isinstance(exc, RateLimited | ServerFailed):
                raise
        return self.list_catalog(source)

    def read_webhook(self, document: Mapping[str, Any]) -> Iterator[PushedTag] | None:
        """Return the tags of a webhook of Harbor.

        https://goharbor.io/docs/latest/working-with-projects/project-configuration/configure-webhooks/
        """
        data = document.get("event_data")
        return _pushes(str(document.get("type")), data) if isinstance(data, dict) else None

    def delete_tag(
        self,
        client: RegistryClient,
        login: BasicCredential | None,
        repository: str,
        tag: str,
        digest: Digest,
    ) -> bool:
        """Delete the tag from the artifact. By the spec Harbor deletes no tag alone."""
        project, _slash, name = repository.partition("/")
        # A proxy in front would decode a slash once, so Harbor expects it encoded twice.
        encoded = quote(quote(name, safe=""), safe="")
        path = f"/projects/{quote(project, safe='')}/repositories/{encoded}"
        try:
            _open_api(client, login).delete(f"{path}/artifacts/{digest}/tags/{quote(tag, safe='')}")
        except (RateLimited, ServerFailed):
            raise
        # An account may have the right to delete artifacts, but none to delete tags.
        except ResponseError:
            return False
        return True


def _pushes(kind: str, data: Mapping[str, Any]) -> Iterator[PushedTag]:
    repository, resources = data.get("repository"), data.get("resources")
    # Harbor sends other events to the same address, such as finished scans.
    if (
        kind != "PUSH_ARTIFACT"
        or not isinstance(repository, dict)
        or not isinstance(resources, list)
    ):
        return

    for resource in resources:
        if isinstance(resource, dict) and resource.get("tag"):
            yield PushedTag(str(repository.get("repo_full_name", "")), str(resource["tag"]))


def _open_api(client: RegistryClient, login: BasicCredential | None) -> JsonApi:
    return JsonApi(
        client,
        f"{client.endpoint.base_url}/api/v2.0",
        authorization=login.authorization() if login is not None else None,
        secrets=(login.secret,) if login is not None else (),
    )


def _repository_names(source: ListingSource) -> Iterator[str]:
    api = _open_api(source.client, source.login)

    if source.namespaces:
        # It distinguishes a missing project from a missing API: both answer 404.
        api.get("/systeminfo")
    names = source.namespaces or itertools.islice(_names(api, "/projects?"), _PROJECTS_LIMIT)

    return merged_names(
        [name for name in names if is_namespace(name)],
        lambda project: _names(api, f"/projects/{quote(project, safe='')}/repositories?"),
    )


def _names(api: JsonApi, path: str) -> Iterator[str]:
    """Yield the names of every page, until one has nothing new or is not full."""
    seen: set[str] = set()
    for page in range(1, _PAGES_LIMIT + 1):
        document = api.get(f"{path}page={page}&page_size={_PAGE}")
        names = texts_in(document.content, "name", document.response.host)
        new = [name for name in dict.fromkeys(names) if name not in seen]
        seen.update(new)
        yield from new
        if not new or len(names) < _PAGE:
            return
