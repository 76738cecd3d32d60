"""Search queries, results, and the sources that apps above add."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import OciError
from registry_ui.oci.reference import Reference, normalise_host

from .extension import Extension

_Row = TypeVar("_Row")

_MAX_CHARACTERS = 700
_MAX_TERMS = 8
# Fewer characters match too many digests; without an algorithm they could be any word.
_DIGEST = re.compile(r"(sha256|sha512):[a-f0-9]{6,128}")
_BARE_HEX = re.compile(r"[a-f0-9]{12,128}")
_WHOLE_HEX = {64: "sha256", 128: "sha512"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchQuery:
    """A search text, parsed once for all sources.

    Args:
        terms: the words that names must contain, in lower case, without the parts below.
        host: the registry's host, if the text begins with one.
        tag: the text after the colon.
        digest: a digest or the beginning of one, with its algorithm.
        reference: the text as an image reference, if it is one.
        limit: the maximum number of results in a group.
    """

    text: str = ""
    terms: tuple[str, ...] = ()
    host: str = ""
    tag: str = ""
    digest: str = ""
    reference: Reference | None = None
    limit: int = 20

    @classmethod
    def parse(cls, text: str, limit: int = 20) -> "SearchQuery":
        """Parse a search text. Never raises: text that is no name becomes terms."""
        text = "".join(
            character if character.isprintable() else " " for character in text[:_MAX_CHARACTERS]
        ).strip()
        if digest := _read_digest(text):
            return cls(text=text, terms=_terms_of(text), digest=digest, limit=limit)

        # `name@sha256:…` is searched by its digest.
        reference = _read_reference(text)
        if digest := _read_digest(text.partition("@")[2]):
            return cls(text=text, digest=digest, reference=reference, limit=limit)

        # A pasted address has a scheme before the host.
        host, name = _split_host(text.rpartition("://")[2])
        name, tag = _split_tag(name)
        terms = tuple(name.lower().split()[:_MAX_TERMS])
        return cls(text=text, terms=terms, host=host, tag=tag, reference=reference, limit=limit)

    @property
    def whole_digest(self) -> bool:
        try:
            Digest.parse(self.digest)
        except OciError:
            return False
        return True

    @property
    def names_image(self) -> bool:
        """Return whether the text is an image name: with a registry, tag or digest."""
        return self.reference is not None and not {"registry", "tag"} <= self.reference.implied


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """One result: a link with a reference or a text as its name, and more `facts` about it."""

    url: str
    icon: str
    reference: Reference | None = None
    text: str = ""
    registry: str = ""
    team: str = ""
    facts: Sequence[str] = ()


class Link(NamedTuple):
    label: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The results of one kind.

    Args:
        is_capped: whether there are more results than `hits`.
        more: links to pages with all results.
        hint: advice to narrow the query.
        is_exact_match: the query can only mean the first hit.
        is_suggestion: the hits are not results but possible actions; such groups come last.
    """

    title: str
    hits: Sequence[SearchResult]
    is_capped: bool = False
    more: Sequence[Link] = ()
    hint: str = ""
    is_exact_match: bool = False
    is_suggestion: bool = False


Source = Callable[[Any, SearchQuery], Iterable[Group]]


# The order of the sources is the order of their groups on the page.
SEARCH_SOURCES: Extension[Source] = Extension()


def run_search(request: Any, query: SearchQuery) -> list[Group]:
    """Return the groups of all sources that have hits; none for an empty query."""
    if not query.text:
        return []
    groups = [group for source in SEARCH_SOURCES for group in source(request, query) if group.hits]
    # The sort is stable, so groups keep the order of their sources.
    return sorted(groups, key=lambda group: group.is_suggestion)


def limit_rows(rows: Iterable[_Row], limit: int) -> tuple[list[_Row], bool]:
    """Return the first `limit` of at most `limit` + 1 rows, and whether there are more."""
    fetched = list(rows)
    return fetched[:limit], len(fetched) > limit


def team_name(request: Any, row: Any) -> str:
    """Return the name of the row's team; empty if the user has only one team."""
    if len(request.teams) <= 1:
        return ""
    return next((str(team) for team in request.teams if team.pk == row.team_id), "")


def _read_digest(text: str) -> str:
    """Return a digest or the beginning of one as `sha256:…`; empty for other text."""
    text = text.lower()
    if _DIGEST.fullmatch(text):
        return text
    return f"{_WHOLE_HEX.get(len(text), 'sha256')}:{text}" if _BARE_HEX.fullmatch(text) else ""


def _terms_of(digest: str) -> tuple[str, ...]:
    """Return the terms of a digest: a part without an algorithm can also be a name."""
    # A commit or a date is a short row of hexadecimal digits; a whole digest is no name.
    return () if ":" in digest or len(digest) in _WHOLE_HEX else (digest.lower(),)


def _split_host(name: str) -> tuple[str, str]:
    first, slash, rest = name.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        try:
            return normalise_host(first), rest
        except OciError:
            pass
    return "", name


def _split_tag(name: str) -> tuple[str, str]:
    """Split a name at its last colon, if the text after it can be a tag."""
    before, colon, after = name.rpartition(":")
    if not colon or "/" in after or " " in after.strip():
        return name, ""
    return before, after.strip()


def _read_reference(text: str) -> Reference | None:
    try:
        return Reference.parse(text.rpartition("://")[2])
    except OciError:
        return None
