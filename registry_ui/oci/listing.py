"""Lists that come in pages (distribution spec, "Listing Tags"; distribution's catalogue, which the spec leaves out)."""

import itertools
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from .errors import EgressRefused, InvalidManifest, InvalidReference, ResponseError, Unsupported
from .reference import check_repository
from .transport import Answer, Transport, same_origin

PAGE_LIMIT = 8 * 1024 * 1024
PAGES_LIMIT = 10_000
REPOSITORIES_LIMIT = 200_000
_LONGEST_REPOSITORY = 255
# distribution takes no more than a thousand, Quay a hundred; whoever takes neither is asked without a number.
_PAGE_SIZES = (1000, 100)
_WRONG_SIZE = frozenset({400, 413, 422})
_LINK = re.compile(r"<([^<>]*)>([^<]*)")
_NEXT = re.compile(r';\s*rel\s*=\s*"?next"?', re.IGNORECASE)
_DIGEST_TAG = re.compile(r"sha(?:256-[a-f0-9]{64}|512-[a-f0-9]{64,128})(?:\.[a-z]+)?")

Fetch = Callable[[str], Answer]


def next_link(answer: Answer, transport: Transport) -> str | None:
    """The URL of the next page; None on the last one.

    Raises:
        EgressRefused: it is on another scheme, host or port.
    """
    header = answer.headers.get("Link", "")
    target = next(
        (link for link, rest in _LINK.findall(header) if link and _NEXT.search(rest)), None
    )
    return following_page(answer, target, transport) if target is not None else None


def following_page(answer: Answer, target: str, transport: Transport) -> str:
    """The URL of a page that an answer names.

    Raises:
        EgressRefused: it is on another scheme, host or port.
    """
    url = transport.resolve(answer.url, target)
    if not same_origin(url, answer.url):
        raise EgressRefused(
            f"{answer.place} continues its list on another host: refused.",
            advice="Do not trust that registry's list.",
        )
    return url


def iterate_tags(
    fetch: Fetch, url: str, transport: Transport, *, with_digests: bool = False
) -> Iterator[str]:
    """The tags of every page, each once, without those that only carry a digest (signatures, fallback referrers).

    Args:
        fetch: asks one page.
        url: the first page.
        with_digests: give out those too.

    Raises:
        InvalidManifest: not a list of tags.
        EgressRefused: the list goes on on another host.
    """
    names = _iterate_names(fetch, url, transport, _tags_of)
    return names if with_digests else (tag for tag in names if not is_digest_tag(tag))


def is_digest_tag(tag: str) -> bool:
    """Whether a tag only carries a digest: `sha256-<hex>`, with or without cosign's suffix."""
    return _DIGEST_TAG.fullmatch(tag) is not None


def iterate_repositories(fetch: Fetch, url: str, transport: Transport) -> Iterator[str]:
    """The names of the catalogue, each once, at most 200,000; what is no repository's name is left out.

    Args:
        fetch: asks one page.
        url: the catalogue without a page size, which is found by trying.

    Raises:
        Unsupported: the answer is not a catalogue.
        EgressRefused: the list goes on on another host.
    """

    def fetch_page(asked: str) -> Answer:
        return _fetch_in_good_size(fetch, url) if asked == url else fetch(asked)

    names = (
        name
        for name in _iterate_names(fetch_page, url, transport, _repositories_of)
        if is_repository(name)
    )
    return itertools.islice(names, REPOSITORIES_LIMIT)


def is_repository(name: str) -> bool:
    """Whether a name that a list holds can be asked for at all."""
    try:
        return len(check_repository(name)) <= _LONGEST_REPOSITORY
    except InvalidReference:
        return False


def _fetch_in_good_size(fetch: Fetch, url: str) -> Answer:
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
    seen: set[str] = set()
    following: str | None = url
    while following is not None and following not in visited and len(visited) < PAGES_LIMIT:
        visited.add(following)
        answer = fetch(following)
        following = next_link(answer, transport)
        page = [
            name
            for name in dict.fromkeys(names_of(answer.read(PAGE_LIMIT), answer.place))
            if name not in seen
        ]
        if not page and following is not None and len(visited) > 1:
            return  # a list that repeats itself
        seen.update(page)
        yield from page


def _tags_of(body: bytes, place: str) -> list[str]:
    tags = _list_in(body, "tags")
    if tags is None:
        raise InvalidManifest(
            f"{place} does not answer with a list of tags.",
            advice="Check that the address is a registry's.",
        )
    return tags


def _repositories_of(body: bytes, place: str) -> list[str]:
    names = _list_in(body, "repositories")
    if names is None:
        raise Unsupported(f"{place} does not answer with a list of repositories.", status=200)
    return names


def _list_in(body: bytes, member: str) -> list[str] | None:
    """The names under `member`, or bare, without nulls; None where there is no list. Registries write null for an empty one."""
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
