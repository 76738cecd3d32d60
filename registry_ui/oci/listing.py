"""Lists that come in pages (distribution spec, "Listing Tags")."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from .errors import EgressRefused, InvalidManifest
from .transport import Answer, Transport, same_origin

PAGE_LIMIT = 8 * 1024 * 1024
PAGES_LIMIT = 10_000
_LINK = re.compile(r"<([^<>]*)>([^<]*)")
_NEXT = re.compile(r';\s*rel\s*=\s*"?next"?', re.IGNORECASE)
_DIGEST_TAG = re.compile(r"sha(?:256-[a-f0-9]{64}|512-[a-f0-9]{128})(?:\.[a-z]+)?")


def next_link(answer: Answer, transport: Transport) -> str | None:
    """The URL of the next page; None on the last one.

    Raises:
        EgressRefused: it is on another scheme, host or port.
    """
    header = answer.headers.get("Link", "")
    target = next((link for link, rest in _LINK.findall(header) if link and _NEXT.search(rest)), None)
    if target is None:
        return None
    url = transport.resolve(answer.url, target)
    if not same_origin(url, answer.url):
        raise EgressRefused(f"{answer.place} continues its list on another host: refused.", advice="Do not trust that registry's list.")
    return url


def iterate_tags(fetch: Callable[[str], Answer], url: str, transport: Transport) -> Iterator[str]:
    """The tags of every page, each once, without those that only carry a digest (signatures, fallback referrers).

    Args:
        fetch: asks one page.
        url: the first page.

    Raises:
        InvalidManifest: not a list of tags, or pages without end.
    """
    visited: set[str] = set()
    seen: set[str] = set()
    following: str | None = url
    while following is not None and following not in visited and len(visited) < PAGES_LIMIT:
        visited.add(following)
        answer = fetch(following)
        following = next_link(answer, transport)
        page = [tag for tag in _tags_of(answer.read(PAGE_LIMIT), answer.place) if tag not in seen]
        if not page and following is not None and len(visited) > 1:
            return  # a list that repeats itself
        seen.update(page)
        yield from (tag for tag in page if _DIGEST_TAG.fullmatch(tag) is None)


def _tags_of(body: bytes, place: str) -> list[str]:
    try:
        document: Any = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    tags = document.get("tags") if isinstance(document, dict) else document
    if tags is None and isinstance(document, dict):
        return []
    if not isinstance(tags, list):
        raise InvalidManifest(f"{place} does not answer with a list of tags.", advice="Check that the address is a registry's.")
    return [tag for tag in tags if isinstance(tag, str) and tag]
