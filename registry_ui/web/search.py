"""The search page, the search panel and the Guide's search source."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from registry_ui.tags import SUFFIXES, Suffix, parse_tag
from registry_ui.tags import Group as Subject

from .search_sources import Group, SearchQuery, SearchResult, run_search

_PANEL_LIMIT, _PAGE_LIMIT = 5, 20
_PANEL = "search-panel"
_MIN_PREFIX_LENGTH = 3


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    htmx: Any = request.htmx  # type: ignore[attr-defined]
    fragment = bool(htmx) and not htmx.boosted
    on_panel = fragment and htmx.target == _PANEL
    query = SearchQuery.parse(request.GET.get("q", ""), _PANEL_LIMIT if on_panel else _PAGE_LIMIT)
    groups = run_search(request, query)

    # A form that is sent with the Enter key goes straight to the only possible result.
    exact = next((group for group in groups if group.is_exact_match), None)
    if not fragment and exact is not None:
        return redirect(exact.hits[0].url)

    context = {
        "query": query,
        "groups": groups,
        "found": sum(len(group.hits) for group in groups),
        "fragment": fragment,
    }
    # The panel below the header's search field is a template of its own.
    if on_panel:
        return render(request, "web/_search_panel.html", context)
    return render(request, "web/search.html#found" if fragment else "web/search.html", context)


def search_guide(request: HttpRequest, query: SearchQuery) -> Iterator[Group]:
    """Find suffixes by the terms and the tag of the query."""
    suffixes = {
        suffix.name: suffix
        for word in (*query.terms, query.tag)
        if word
        for suffix in _suffixes(word)
    }
    hits = [
        SearchResult(
            url=f"{reverse('web:guide')}?{urlencode({'q': suffix.name})}#suffixes",
            icon="book",
            text=_("%(suffix)s: what it means in a tag") % {"suffix": suffix.name},
            facts=[_(suffix.meaning)],
        )
        for suffix in list(suffixes.values())[: query.limit]
    ]
    yield Group(title=_("Guide"), hits=hits)


def _suffixes(word: str) -> list[Suffix]:
    """Return the suffixes in the word as a tag, and those whose name begins with it."""
    word = word.lower()
    named = [piece.suffix for piece in parse_tag(word).pieces if piece.suffix is not None]
    prefixed = [
        suffix
        for suffix in SUFFIXES
        if len(word) >= _MIN_PREFIX_LENGTH and suffix.name.startswith(word)
    ]
    # Versions and hashes are in the table, but no word finds them.
    return [suffix for suffix in (*named, *prefixed) if suffix.group is not Subject.NUMBER]
