"""Lists in pages: tags and repositories.

See the distribution spec, "Listing Tags"; the catalogue is distribution's, which the spec leaves
out.
"""

import itertools
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from .errors import EgressRefused, InvalidManifest, InvalidReference, ResponseError, Unsupported
from .http_messages import Response
from .reference import check_repository
from .transport import Transport, same_origin

PAGE_LIMIT = 8 * 1024 * 1024
PAGES_LIMIT = 10_000
REPOSITORIES_LIMIT = 200_000
_LONGEST_REPOSITORY = 255
# distribution allows at most a thousand, Quay a hundred (PROTOCOL.md, "Errors and lists": omit `n`
# where neither is accepted).
_PAGE_SIZES = (1000, 100)

# Statuses with which registries refuse a page size (Quay: 413, kargo#2186).
_WRONG_SIZE = frozenset({400, 413, 422})
_LINK = re.compile(r"<([^<>]*)>([^<]*)")
_NEXT = re.compile(r';\s*rel\s*=\s*"?next"?', re.IGNORECASE)

# The spec's fallback tags, and cosign's tags with a suffix.
_DIGEST_TAG = re.compile(r"sha(?:256-[a-f0-9]{64}|512-[a-f0-9]{64,128})(?:\.[a-z]+)?")

Fetch = Callable[[str], Response]


def next_link(response: Response, transport: Transport) -> str | None:
    """Return the URL of the next page (RFC 8288, `Link`); None on the last one.

    Raises:
        EgressRefused: it is on another scheme, host or port.
    """
    header = response.headers.get("Link", "")
    # Several links may share one header, in any order.
    target = next(
        (link for link, rest in _LINK.findall(header) if link and _NEXT.search(rest)), None
    )
    return following_page(response, target, transport) if target is not None else None


def following_page(response: Response, target: str, transport: Transport) -> str:
    """Return the URL of a page that a response names.

    Raises:
        EgressRefused: it is on another scheme, host or port.
    """
    url = transport.resolve(response.url, target)
    # The next request carries the credential.
    if not same_origin(url, response.url):
        raise EgressRefused("list_continues_elsewhere", host=response.host)
    return url


def iterate_tags(
    fetch: Fetch, url: str, transport: Transport, *, with_digests: bool = False
) -> Iterator[str]:
    """Yield the tags of every page, each once.

    Args:
        fetch: requests one page.
        url: the first page.
        with_digests: also yield tags that only carry a digest (signatures, fallback referrers).

    Raises:
        InvalidManifest: not a list of tags.
        EgressRefused: the list continues on another host.
    """
    names = _iterate_names(fetch, url, transport, _tags_of)
    return names if with_digests else (tag for tag in names if not is_digest_tag(tag))


def is_digest_tag(tag: str) -> bool:
    """Return whether a tag carries a digest only: `sha256-<hex>`, perhaps with cosign's suffix."""
    return _DIGEST_TAG.fullmatch(tag) is not None


def iterate_repositories(fetch: Fetch, url: str, transport: Transport) -> Iterator[str]:
    """Yield the names of the catalogue, each once, at most 200,000, without invalid names.

    Args:
        fetch: requests one page.
        url: the catalogue without a page size, which is found by trying.

    Raises:
        Unsupported: the response is not a catalogue.
        EgressRefused: the list continues on another host.
    """

    def fetch_page(page_url: str) -> Response:
        return _fetch_with_page_size(fetch, url) if page_url == url else fetch(page_url)

    names = (
        name
        for name in _iterate_names(fetch_page, url, transport, _repositories_of)
        if is_repository(name)
    )
    return itertools.islice(names, REPOSITORIES_LIMIT)


def is_repository(name: str) -> bool:
    """Return whether a listed name is valid, so that it can be requested."""
    try:
        return len(check_repository(name)) <= _LONGEST_REPOSITORY
    except InvalidReference:
        return False


def _fetch_with_page_size(fetch: Fetch, url: str) -> Response:
    for size in _PAGE_SIZES:
        try:
            return fetch(f"{url}?n={size}")
        except ResponseError as exc:
            if exc.status not in _WRONG_SIZE and "UNSUPPORTED" not in exc.codes:
                raise
    return fetch(url)


def _iterate_names(
    fetch: Fetch, url: str, transport: Transport, names_of: Callable[[bytes, str], list[str]]
) -> Iterator[str]:
    visited: set[str] = set()
    yielded: set[str] = set()
    following: str | None = url

    while following is not None and following not in visited and len(visited) < PAGES_LIMIT:
        visited.add(following)
        response = fetch(following)
        following = next_link(response, transport)

        # Some registries repeat a page's last name, or the whole list, under ever new links.
        page = [
            name
            for name in dict.fromkeys(names_of(response.read(PAGE_LIMIT), response.host))
            if name not in yielded
        ]

        if not page and following is not None and len(visited) > 1:
            return  # a list that repeats itself

        yielded.update(page)
        yield from page


def _tags_of(body: bytes, host: str) -> list[str]:
    tags = _list_in(body, "tags")
    if tags is None:
        raise InvalidManifest("not_a_tag_list", host=host)
    return tags


def _repositories_of(body: bytes, host: str) -> list[str]:
    names = _list_in(body, "repositories")
    if names is None:
        raise Unsupported("not_a_repository_list", status=200, host=host)
    return names


def _list_in(body: bytes, member: str) -> list[str] | None:
    """Return the names under a member, or of a bare list; None where there is no list.

    Nulls are dropped, and a null in place of the list, as some registries write it, is empty.
    """
    try:
        document: Any = json.loads(body)
    except (ValueError, RecursionError):
        return None
    names = (document.get(member) or []) if isinstance(document, dict) else document
    return (
        [name for name in names if isinstance(name, str) and name]
        if isinstance(names, list)
        else None
    )
