"""Lists of a registry's repositories, from its catalogue or its provider's API."""

import itertools
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

from django.utils.translation import gettext as _

from registry_ui.oci.api import JsonApi
from registry_ui.oci.basic_credential import BasicCredential
from registry_ui.oci.client import RegistryClient
from registry_ui.oci.errors import (
    InvalidManifest,
    OciError,
    RateLimited,
    ResponseError,
    ServerFailed,
    Unauthorized,
)
from registry_ui.oci.http_messages import Authorization
from registry_ui.oci.name_lists import REPOSITORIES_LIMIT, following_page, is_repository
from registry_ui.oci.reference import DEFAULT_NAMESPACE
from registry_ui.providers.facts import Provider
from registry_ui.registries.models import Listing, Registry

DOCKER_HUB_API = "https://hub.docker.com"

# Docker Hub's API returns at most 100 entries a page (PROTOCOL.md, "Providers").
_PAGE = 100
_PAGES_LIMIT = 2_000
_PROJECTS_LIMIT = 10_000
_TOKEN = re.compile(r"[\x21-\x7e]{1,16384}")


class ListingUnavailable(OciError):
    """A registry, or a part of it, does not list its repositories."""


def open_listing(
    registry: Registry, client: RegistryClient, login: BasicCredential | None
) -> tuple[Listing, Iterator[str]]:
    """Return the kind of list and an iterator of distinct names, at most 200,000.

    The first page is requested at once, the others as names are taken.

    Args:
        client: the registry's client, with `login` if there is one.
        login: sent to the registry's own host or to Docker Hub's API, and nowhere else.

    Raises:
        ListingUnavailable: the registry has no list. From the iterator: a part has none, and all
            other names were returned before.
        Unauthorized: Docker Hub refuses the login.
        OciError: the registry fails, or its list is invalid.
    """
    if registry.provider == Provider.DOCKER_HUB:
        return _started(Listing.PROVIDER, _docker_hub(registry, client, login))
    if not registry.facts.has_catalog:
        raise ListingUnavailable(
            str(registry.facts.no_listing_reason), advice=_add_by_name_advice()
        )
    if registry.provider == Provider.HARBOR:
        # Harbor's `_catalog` answers administrators only, its API everybody. A proxy in front may
        # hide the API, and then the catalogue is tried.
        try:
            return _started(Listing.PROVIDER, _harbor(registry, client, login))
        except (ResponseError, InvalidManifest) as exc:
            if isinstance(exc, RateLimited | ServerFailed):
                raise
    return _started(Listing.CATALOG, _catalog(registry, client))


def _started(listing: Listing, names: Iterator[str]) -> tuple[Listing, Iterator[str]]:
    """Request the first page, so that its error is raised here and not from the iterator."""
    first = list(itertools.islice(names, 1))
    return listing, itertools.islice(_distinct(itertools.chain(first, names)), REPOSITORIES_LIMIT)


def _distinct(names: Iterator[str]) -> Iterator[str]:
    seen: set[str] = set()
    for name in names:
        if name not in seen and is_repository(name):
            seen.add(name)
            yield name


def _add_by_name_advice() -> str:
    return _(
        "Add the repositories that you need by name; "
        "those that somebody pulls or pushes here are listed by themselves."
    )


# --- the registry's own catalogue


def _catalog(registry: Registry, client: RegistryClient) -> Iterator[str]:
    # Of providers whose catalogue has namespaces that the settings select.
    wanted = registry.namespaces if registry.facts.namespaces_label else ()

    try:
        for name in client.iterate_repositories():
            if not wanted or name.partition("/")[0] in wanted:
                yield name
    except (RateLimited, ServerFailed):
        raise
    except ResponseError as exc:
        advice = (
            f"{exc.advice} {_add_by_name_advice()}"
            if isinstance(exc, Unauthorized)
            else _add_by_name_advice()
        )
        raise ListingUnavailable(
            str(registry.facts.no_listing_reason) or exc.message,
            advice=advice,
            status=exc.status,
            codes=exc.codes,
        ) from exc


# --- Docker Hub


def _docker_hub(
    registry: Registry, client: RegistryClient, login: BasicCredential | None
) -> Iterator[str]:
    namespaces = _docker_hub_namespaces(registry)
    if not namespaces:
        raise ListingUnavailable(
            _("Docker Hub lists the repositories of a namespace only, and none is known here."),
            advice=_(
                "Name your namespaces in the registry's settings, or add a credential. %(advice)s"
            )
            % {"advice": _add_by_name_advice()},
        )
    api = _docker_hub_api(client, login)
    return _merged(namespaces, lambda namespace: _docker_hub_repositories(api, namespace))


def _docker_hub_namespaces(registry: Registry) -> list[str]:
    """Return the namespaces in the settings, else the accounts of the team's credentials."""
    names = registry.namespaces or registry.credentials.order_by("created_at").values_list(
        "username", flat=True
    )
    # The official images of `library` belong to nobody's team, so they are not listed.
    lowered = (str(name).strip().lower() for name in names)
    return [
        name for name in dict.fromkeys(lowered) if name != DEFAULT_NAMESPACE and _is_namespace(name)
    ]


def _docker_hub_api(client: RegistryClient, login: BasicCredential | None) -> JsonApi:
    api = JsonApi(client, DOCKER_HUB_API)
    if login is None or login.is_identity_token:
        return api

    # The API wants a JWT of its own, not the registry's token (PROTOCOL.md, "Providers").
    answer = api.post(
        "/v2/auth/token", {"identifier": login.username, "secret": login.secret}
    ).content
    token = answer.get("access_token") if isinstance(answer, dict) else None
    if not isinstance(token, str) or _TOKEN.fullmatch(token) is None:
        raise Unauthorized(
            _("Docker Hub answers the login without a token."),
            advice=_("Check the credential, then try again."),
        )
    return JsonApi(
        client,
        DOCKER_HUB_API,
        authorization=Authorization(f"Bearer {token}"),
        secrets=(login.secret, token),
    )


def _docker_hub_repositories(api: JsonApi, namespace: str) -> Iterator[str]:
    target = f"/v2/namespaces/{quote(namespace, safe='')}/repositories?page_size={_PAGE}"
    seen: set[str] = set()
    for _number in range(_PAGES_LIMIT):
        document = api.get(target)
        content = document.content
        if not isinstance(content, dict):
            content = {"results": content}

        new = [
            name
            for name in dict.fromkeys(
                _texts(content.get("results"), "name", document.response.host)
            )
            if name not in seen
        ]
        seen.update(new)
        yield from (f"{namespace}/{name}" for name in new)

        # A page without a new name ends the list: a broken server may link its pages in a circle.
        following = content.get("next")
        if not new or not following or not isinstance(following, str):
            return
        target = following_page(document.response, following, api.client.transport)


# --- Harbor


def _harbor(
    registry: Registry, client: RegistryClient, login: BasicCredential | None
) -> Iterator[str]:
    api = JsonApi(
        client,
        f"{client.endpoint.base_url}/api/v2.0",
        authorization=login.authorization() if login is not None else None,
        secrets=(login.secret,) if login is not None else (),
    )

    if registry.namespaces:
        # It distinguishes a missing project from a missing API: both answer 404.
        api.get("/systeminfo")
    names = registry.namespaces or itertools.islice(
        _harbor_names(api, "/projects?"), _PROJECTS_LIMIT
    )

    projects = [name for name in names if _is_namespace(name)]
    return _merged(
        projects,
        lambda project: _harbor_names(api, f"/projects/{quote(project, safe='')}/repositories?"),
    )


def _harbor_names(api: JsonApi, path: str) -> Iterator[str]:
    """Yield the names of every page, until one has nothing new or is not full."""
    seen: set[str] = set()
    for page in range(1, _PAGES_LIMIT + 1):
        document = api.get(f"{path}page={page}&page_size={_PAGE}")
        names = _texts(document.content, "name", document.response.host)
        new = [name for name in dict.fromkeys(names) if name not in seen]
        seen.update(new)
        yield from new
        if not new or len(names) < _PAGE:
            return


# --- shared by both


def _merged(names: list[str], repositories_of: Callable[[str], Iterator[str]]) -> Iterator[str]:
    """Yield the repositories of each namespace or project, then fail if one has no list.

    Raises:
        ListingUnavailable: its message names the namespaces or projects without a list.
    """
    failures: dict[str, ResponseError] = {}
    for name in names:
        try:
            yield from repositories_of(name)
        except (RateLimited, ServerFailed):
            raise
        except ResponseError as exc:
            failures[name] = exc
    if not failures:
        return

    failure = next(iter(failures.values()))
    problem = (
        _("They are not there, or not for this login to see.")
        if failure.status == 404
        else failure.message
    )
    raise ListingUnavailable(
        _("Not listed: %(names)s. %(problem)s")
        % {"names": ", ".join(failures)[:300], "problem": problem},
        advice=_(
            "Check the spelling of the namespaces in the registry's settings, "
            "and whether the login may see them."
        ),
        status=failure.status,
    )


def _is_namespace(name: str) -> bool:
    return "/" not in name and is_repository(name)


def _texts(content: Any, member: str, host: str) -> list[str]:
    """Return one member of every entry of a list; null is an empty list."""
    if content is None:
        return []
    if not isinstance(content, list):
        raise InvalidManifest(
            _("%(place)s does not answer with a list of repositories.") % {"place": host}
        )
    return [
        entry[member]
        for entry in content
        if isinstance(entry, dict) and isinstance(entry.get(member), str)
    ]
