"""Lists of a registry's repositories: the catalog, and the parts that providers' APIs share."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

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
from registry_ui.oci.name_lists import REPOSITORIES_LIMIT, is_repository


class ListingUnavailable(OciError):
    """A registry, or a part of it, does not list its repositories."""


@dataclass(frozen=True, slots=True)
class ListingSource:
    """The registry to list.

    Args:
        client: the registry's client, with `login` if there is one.
        login: sent to the registry's own host or to its provider's API, and nowhere else.
        namespaces: the namespaces or projects in the registry's settings.
        accounts: the usernames of its credentials, the oldest first.
    """

    client: RegistryClient
    login: BasicCredential | None = None
    namespaces: Sequence[str] = ()
    accounts: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class RepositoryList:
    """A list whose first page has been read.

    Args:
        is_catalog: whether it is the registry's own catalog, and not a provider's API.
        names: distinct names, at most 200,000; the other pages are requested as they are taken.
    """

    is_catalog: bool
    names: Iterator[str]


def started_list(names: Iterator[str], *, is_catalog: bool = False) -> RepositoryList:
    """Request the first page, so that its error is raised here and not from the iterator."""
    first = list(itertools.islice(names, 1))
    rest = _distinct(itertools.chain(first, names))
    return RepositoryList(is_catalog, itertools.islice(rest, REPOSITORIES_LIMIT))


def _distinct(names: Iterator[str]) -> Iterator[str]:
    seen: set[str] = set()
    for name in names:
        if name not in seen and is_repository(name):
            seen.add(name)
            yield name


def catalog_names(
    source: ListingSource, *, has_namespaces: bool, provider: str = ""
) -> Iterator[str]:
    """Yield the names in the registry's own catalog (`/v2/_catalog`).

    Args:
        has_namespaces: whether the namespaces in the settings select among them.
        provider: the name of the provider, if it knows why there is no catalog.

    Raises:
        ListingUnavailable: there is no catalog for this login.
    """
    wanted = source.namespaces if has_namespaces else ()

    try:
        for name in source.client.iterate_repositories():
            if not wanted or name.partition("/")[0] in wanted:
                yield name
    except (RateLimited, ServerFailed):
        raise
    except ResponseError as exc:
        needs_login = isinstance(exc, Unauthorized)
        if provider:
            code = "listing_unavailable_without_login" if needs_login else "listing_unavailable"
        else:
            code = "listing_refused_without_login" if needs_login else "listing_refused"
        raise ListingUnavailable(
            code, status=exc.status, codes=exc.codes, provider=provider or None, cause=exc
        ) from exc


def merged_names(
    names: Sequence[str], repositories_of: Callable[[str], Iterator[str]]
) -> Iterator[str]:
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
    raise ListingUnavailable(
        "namespaces_unknown" if failure.status == 404 else "namespaces_not_listed",
        status=failure.status,
        names=list(failures)[:20],
        cause=failure,
    )


def is_namespace(name: str) -> bool:
    return "/" not in name and is_repository(name)


def texts_in(content: Any, member: str, host: str) -> list[str]:
    """Return one member of every entry of a list; null is an empty list."""
    if content is None:
        return []
    if not isinstance(content, list):
        raise InvalidManifest("not_a_repository_list", host=host)
    return [
        entry[member]
        for entry in content
        if isinstance(entry, dict) and isinstance(entry.get(member), str)
    ]
