"""Search everywhere: the apps above register what they find; this app imports none of them."""

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

from .searching import Group, Hit, Question, answer

_ON_THE_PANEL, _ON_THE_PAGE = 5, 20
_PANEL = "search-panel"
_SHORTEST_BEGINNING = 3


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    htmx: Any = request.htmx  # type: ignore[attr-defined]
    fragment = bool(htmx) and not htmx.boosted
    on_panel = fragment and htmx.target == _PANEL
    question = Question.parse(request.GET.get("q", ""), _ON_THE_PANEL if on_panel else _ON_THE_PAGE)
    groups = answer(request, question)
    if not fragment and (certain := next((group for group in groups if group.is_answer), None)):
        return redirect(certain.hits[0].url)
    context = {
        "question": question,
        "groups": groups,
        "found": sum(len(group.hits) for group in groups),
        "fragment": fragment,
    }
    if on_panel:
        return render(request, "web/_search_panel.html", context)
    return render(request, "web/search.html#found" if fragment else "web/search.html", context)


def find_in_guide(request: HttpRequest, question: Question) -> Iterator[Group]:
    """What the words of a tag mean."""
    found = {
        suffix.name: suffix
        for word in (*question.words, question.tag)
        if word
        for suffix in _suffixes(word)
    }
    hits = [
        Hit(
            url=f"{reverse('web:guide')}?{urlencode({'q': suffix.name})}#suffixes",
            icon="book",
            text=_("%(suffix)s: what it means in a tag") % {"suffix": suffix.name},
            facts=[_(suffix.meaning)],
        )
        for suffix in list(found.values())[: question.limit]
    ]
    yield Group(title=_("Guide"), hits=hits)


def _suffixes(word: str) -> list[Suffix]:
    """Those that the word is made of as a tag, and those that it is the beginning of."""
    word = word.lower()
    named = [piece.suffix for piece in parse_tag(word).pieces if piece.suffix is not None]
    begun = [
        suffix
        for suffix in SUFFIXES
        if len(word) >= _SHORTEST_BEGINNING and suffix.name.startswith(word)
    ]
    return [suffix for suffix in (*named, *begun) if suffix.group is not Subject.NUMBER]
