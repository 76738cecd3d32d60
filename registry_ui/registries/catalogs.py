"""What repositories a registry has: by its own catalogue, or by its provider's API where that says more."""

import itertools
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

from django.utils.translation import gettext as _

from registry_ui.oci.api import JsonApi
from registry_ui.oci.auth import BasicCredential
from registry_ui.oci.client import RegistryClient
from registry_ui.oci.errors import (
    InvalidManifest,
    OciError,
    RateLimited,
    ResponseError,
    ServerFailed,
    Unauthorized,
)
from registry_ui.oci.listing import REPOSITORIES_LIMIT, following_page, is_repository
from registry_ui.oci.reference import DEFAULT_NAMESPACE
from registry_ui.oci.transport import Authorization

from .models import Listing, Registry
from .providers import Provider

DOCKER_HUB_API = "https://hub.docker.com"

_PAGE = 100
_PAGES_LIMIT = 2_000
_PROJECTS_LIMIT = 10_000
_TOKEN = re.compile(r"[\x21-\x7e]{1,16384}")


class NoListing(OciError):
    """A registry, or a part of it, does not tell what repositories it has. Its advice: pin those that matter."""


def open_listing(
    registry: Registry, client: RegistryClient, login: BasicCredential | None
) -> tuple[Listing, Iterator[str]]:
    """The names of a registry's repositories, asked page by page as they are taken; each once, at most 200,000.

    The first page is asked at once, so that the way of listing is settled by the return.

    Args:
        client: of the registry, with `login` if there is one.
        login: whose repositories; sent to the registry's own host, or to Docker Hub's API, and nowhere else.

    Raises:
        NoListing: the registry does not tell. While names are taken: a part of it does not, all else was given out.
        Unauthorized: Docker Hub refuses the login.
        OciError: the registry is in trouble, or its list cannot be trusted.
    """
    if registry.provider == Provider.DOCKER_HUB:
        return _settled(Listing.PROVIDER, _docker_hub(registry, client, login))
    if not registry.facts.has_catalog:
        raise NoListing(str(registry.facts.no_listing), advice=_pin())
    if registry.provider == Provider.HARBOR:
        try:
            return _settled(Listing.PROVIDER, _harbor(registry, client, login))
        except (ResponseError, InvalidManifest) as exc:
            if isinstance(exc, RateLimited | ServerFailed):
                raise
    return _settled(Listing.CATALOG, _catalog(registry, client))


def _settled(listing: Listing, names: Iterator[str]) -> tuple[Listing, Iterator[str]]:
    """The same names, after the first was asked for."""
    first = list(itertools.islice(names, 1))
    return listing, itertools.islice(_distinct(itertools.chain(first, names)), REPOSITORIES_LIMIT)


def _distinct(names: Iterator[str]) -> Iterator[str]:
    seen: set[str] = set()
    for name in names:
        if name not in seen and is_repository(name):
            seen.add(name)
            yield name


def _pin() -> str:
    return _(
        "Pin the repositories that you need; those that somebody pulls or pushes here are listed by themselves."
    )


# --- the registry's own catalogue


def _catalog(registry: Registry, client: RegistryClient) -> Iterator[str]:
    wanted = registry.namespaces if registry.facts.namespaces_label else ()
    try:
        for name in client.iterate_repositories():
            if not wanted or name.partition("/")[0] in wanted:
                yield name
    except (RateLimited, ServerFailed):
        raise
    except ResponseError as exc:
        advice = f"{exc.advice} {_pin()}" if isinstance(exc, Unauthorized) else _pin()
        raise NoListing(
            str(registry.facts.no_listing) or exc.message,
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
        raise NoListing(
            _("Docker Hub lists the repositories of a namespace only, and none is known here."),
            advice=_(
                "Name your namespaces in the registry's settings, or add a credential. %(pin)s"
            )
            % {"pin": _pin()},
        )
    api = _docker_hub_api(client, login)
    return _parts(namespaces, lambda namespace: _docker_hub_repositories(api, namespace))


def _docker_hub_namespaces(registry: Registry) -> list[str]:
    """As an admin named them, else the accounts that the team logs in with. Official images are everybody's: never listed."""
    names = registry.namespaces or registry.credentials.order_by("created_at").values_list(
        "username", flat=True
    )
    lowered = (str(name).strip().lower() for name in names)
    return [
        name for name in dict.fromkeys(lowered) if name != DEFAULT_NAMESPACE and _is_namespace(name)
    ]


def _docker_hub_api(client: RegistryClient, login: BasicCredential | None) -> JsonApi:
    api = JsonApi(client, DOCKER_HUB_API)
    if login is None or login.is_identity_token:
        return api
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
        content = (
            document.content
            if isinstance(document.content, dict)
            else {"results": document.content}
        )
        new = [
            name
            for name in dict.fromkeys(_texts(content.get("results"), "name", document.answer.place))
            if name not in seen
        ]
        seen.update(new)
        yield from (f"{namespace}/{name}" for name in new)
        following = content.get("next")
        if not new or not following or not isinstance(following, str):
            return
        target = following_page(document.answer, following, api.client.transport)


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
        api.get("/systeminfo")  # tells a project that is not there from an API that is not
    names = registry.namespaces or itertools.islice(
        _harbor_names(api, "/projects?"), _PROJECTS_LIMIT
    )
    projects = [name for name in names if _is_namespace(name)]
    return _parts(
        projects,
        lambda project: _harbor_names(api, f"/projects/{quote(project, safe='')}/repositories?"),
    )


def _harbor_names(api: JsonApi, path: str) -> Iterator[str]:
    """The names on every page, until one brings nothing new or is not full."""
    seen: set[str] = set()
    for page in range(1, _PAGES_LIMIT + 1):
        document = api.get(f"{path}page={page}&page_size={_PAGE}")
        names = _texts(document.content, "name", document.answer.place)
        new = [name for name in dict.fromkeys(names) if name not in seen]
        seen.update(new)
        yield from new
        if not new or len(names) < _PAGE:
            return


# --- what both have in common


def _parts(names: list[str], repositories_of: Callable[[str], Iterator[str]]) -> Iterator[str]:
    """The repositories of each namespace or project; one that does not tell is named when the others have been listed."""
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
    raise NoListing(
        _("Not listed: %(names)s. %(problem)s")
        % {"names": ", ".join(failures)[:300], "problem": problem},
        advice=_(
            "Check the spelling of the namespaces in the registry's settings, and whether the login may see them."
        ),
        status=failure.status,
    )


def _is_namespace(name: str) -> bool:
    return "/" not in name and is_repository(name)


def _texts(content: Any, member: str, place: str) -> list[str]:
    """One member of every entry of a list; null is an empty list."""
    if content is None:
        return []
    if not isinstance(content, list):
        raise InvalidManifest(
            _("%(place)s does not answer with a list of repositories.") % {"place": place}
        )
    return [
        entry[member]
        for entry in content
        if isinstance(entry, dict) and isinstance(entry.get(member), str)
    ]
