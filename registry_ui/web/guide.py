from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from registry_ui.providers.catalogue import PROVIDERS
from registry_ui.tags import (
    BY_NAME,
    SUFFIXES,
    Group,
    InvalidRange,
    Suffix,
    Tag,
    VersionRange,
    order_key,
    parse_tag,
)
from registry_ui.tags.ranges import LONGEST_RANGE

from .reference_analysis import analyse_reference

COMMON_SUFFIXES = ("latest", "alpine", "slim", "windowsserver")
EXPLORED_TAGS = 200
_EXPLORED_CHARACTERS = 5000
_QUOTE_MARKS = "\"'`[]{}()"


class NameForm(forms.Form):
    reference = forms.CharField(
        label=gettext_lazy("A name to take apart"),
        max_length=500,
        widget=forms.TextInput(
            attrs={
                "class": "mono",
                "autocomplete": "off",
                "autocapitalize": "none",
                "spellcheck": "false",
            }
        ),
    )


@dataclass(frozen=True, slots=True)
class SuffixGroup:
    title: str
    anchor: str
    suffixes: Sequence[Suffix]
    is_open: bool = False
    # Whether the rows have anchors; a group that repeats rows of others has none.
    has_anchors: bool = True

    @property
    def sample(self) -> str:
        names = ", ".join(suffix.name for suffix in self.suffixes[:5])
        return f"{names} …" if len(self.suffixes) > 5 else names


@dataclass(frozen=True, slots=True)
class Exploration:
    tags: Sequence[Tag]
    left_out: int = 0
    # The tags in the range; None without a range, or with an invalid one.
    matching: frozenset[str] | None = None
    problem: str = ""


@require_safe
def guide(request: HttpRequest) -> HttpResponse:
    query = request.GET.get("q", "").strip()[:200]
    fragment = request.htmx and not request.htmx.boosted  # type: ignore[attr-defined]
    groups = matching_groups(query)
    context: dict[str, Any] = {
        "fragment": fragment,
        "query": query,
        "groups": groups,
        "found": sum(len(group.suffixes) for group in groups),
        "known": len(SUFFIXES),
        "exploration": explore(request.GET.get("tags", ""), request.GET.get("range", "")),
        "range": request.GET.get("range", "")[:LONGEST_RANGE],
        "longest_range": LONGEST_RANGE,
        "pasted": request.GET.get("tags", "")[:_EXPLORED_CHARACTERS],
        "explored_tags": EXPLORED_TAGS,
        "explored_characters": _EXPLORED_CHARACTERS,
    }
    # The fragments need neither the form nor the team's prefix.
    if fragment:
        part = (
            "web/guide/_explorer.html#explored"
            if "tags" in request.GET
            else "web/guide/_suffixes.html#suffix-table"
        )
        return render(request, part, context)

    context["login_providers"] = [provider for provider in PROVIDERS if provider.guide_login]
    team = getattr(request, "team", None)
    context["host"] = urlsplit(settings.URL).netloc
    context["prefix"] = f"{context['host']}/{team.slug if team else 'my-team'}/"
    name = request.GET.get("reference", "")
    context["form"] = NameForm(
        initial={
            "reference": name or "registry.cn-hangzhou.aliyuncs.com/my-company/my-app:1.4-alpine"
        }
    )
    return render(request, "web/guide.html", context)


@require_safe
def reference_analysis(request: HttpRequest) -> HttpResponse:
    """Return the fragment below a reference field, whose name is in the parameter `field`."""
    text = request.GET.get(request.GET.get("field", "reference"), "")
    # Without JavaScript the address is opened as a page, and the fragment has no layout.
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect(f"{reverse('web:guide')}?{urlencode({'reference': text[:500]})}#naming")
    return render(
        request,
        "web/_reference_analysis.html",
        {"analysis": analyse_reference(text, request.GET.get("use", "pull"))},
    )


def matching_groups(query: str) -> list[SuffixGroup]:
    """Return the groups of suffixes that match the query; all groups without a query.

    A suffix matches if its texts have every word, or if a word is a tag that has the suffix.
    """
    if not query:
        return [_common_group(), *_grouped(SUFFIXES, is_open=False)]

    # A query can be words of an explanation, or tags such as `1.27-alpine`.
    words = query.lower().split()
    named = {piece.name for word in query.split() for piece in parse_tag(word).pieces if piece.name}
    matching = [
        suffix
        for suffix in SUFFIXES
        if suffix.name in named or all(word in _search_text(suffix) for word in words)
    ]
    return _grouped(matching, is_open=True)


def _common_group() -> SuffixGroup:
    return SuffixGroup(
        _("Met most often"),
        "suffixes-most",
        [BY_NAME[name] for name in COMMON_SUFFIXES],
        is_open=True,
        has_anchors=False,
    )


def _grouped(suffixes: Iterable[Suffix], *, is_open: bool) -> list[SuffixGroup]:
    rows = list(suffixes)
    groups = [(group, [suffix for suffix in rows if suffix.group is group]) for group in Group]
    return [
        SuffixGroup(_(group.value), f"suffixes-{group.name.lower()}", members, is_open)
        for group, members in groups
        if members
    ]


def _search_text(suffix: Suffix) -> str:
    # Translated, because people search for the words that they read.
    texts = (_(suffix.meaning), _(suffix.use_case), _(suffix.drawback))
    return " ".join(
        (suffix.name, *suffix.aliases, suffix.terms, suffix.example, suffix.release, *texts)
    ).lower()


def explore(text: str, range_text: str = "") -> Exploration | None:
    """Return the tags of a pasted list, newest first, and those in the range.

    The list may have lines, commas, JSON or whole references.
    """
    # A longer text is cut off before it is split, so that its length costs no time.
    names = list(dict.fromkeys(_pasted_names(text[: _EXPLORED_CHARACTERS * 2])))
    if not names:
        return None

    tags = sorted(map(parse_tag, names[:EXPLORED_TAGS]), key=order_key, reverse=True)
    left_out = len(names) - len(tags)
    if not range_text.strip():
        return Exploration(tags, left_out)
    try:
        versions = VersionRange.parse(range_text)
    except InvalidRange as exc:
        return Exploration(tags, left_out, problem=_(exc.sentence) % {"part": exc.part})

    return Exploration(tags, left_out, frozenset(tag.text for tag in tags if versions.matches(tag)))


def _pasted_names(text: str) -> Iterable[str]:
    for word in text.replace(",", " ").split():
        # The text after the last colon, without the quotes and brackets of JSON.
        name = word.strip(_QUOTE_MARKS).rpartition(":")[2].strip(_QUOTE_MARKS)
        if name:
            yield name
