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

from .anatomy import dissect

MET_MOST = ("latest", "alpine", "slim", "windowsserver")
EXPLORED_TAGS = 200
_EXPLORED_CHARACTERS = 5000
_PASTED_MARKS = "\"'`[]{}()"


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
    unfolded: bool = False
    # Its rows have anchors; the rows of a group that repeats others have none.
    anchored: bool = True

    @property
    def sample(self) -> str:
        names = ", ".join(suffix.name for suffix in self.suffixes[:5])
        return f"{names} …" if len(self.suffixes) > 5 else names


@dataclass(frozen=True, slots=True)
class Exploration:
    tags: Sequence[Tag]
    left_out: int = 0
    # The tags that the wanted range means; None where no range was asked for, or a wrong one.
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
    if fragment:
        part = (
            "web/guide/_explorer.html#explored"
            if "tags" in request.GET
            else "web/guide/_suffixes.html#suffix-table"
        )
        return render(request, part, context)
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
def anatomy(request: HttpRequest) -> HttpResponse:
    """The fragment under a reference field. The field sends its text under its own name, which `field` says."""
    text = request.GET.get(request.GET.get("field", "reference"), "")
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect(f"{reverse('web:guide')}?{urlencode({'reference': text[:500]})}#naming")
    return render(
        request, "web/_anatomy.html", {"anatomy": dissect(text, request.GET.get("use", "pull"))}
    )


def matching_groups(query: str) -> list[SuffixGroup]:
    """The table's rows by group: all of them, or those that have every word of the query, or that a tag is made of."""
    if not query:
        return [_met_most(), *_grouped(SUFFIXES, unfolded=False)]
    words = query.lower().split()
    named = {piece.name for word in query.split() for piece in parse_tag(word).pieces if piece.name}
    found = [
        suffix
        for suffix in SUFFIXES
        if suffix.name in named or all(word in _searched(suffix) for word in words)
    ]
    return _grouped(found, unfolded=True)


def _met_most() -> SuffixGroup:
    return SuffixGroup(
        _("Met most often"),
        "suffixes-most",
        [BY_NAME[name] for name in MET_MOST],
        unfolded=True,
        anchored=False,
    )


def _grouped(suffixes: Iterable[Suffix], *, unfolded: bool) -> list[SuffixGroup]:
    rows = list(suffixes)
    groups = [(group, [suffix for suffix in rows if suffix.group is group]) for group in Group]
    return [
        SuffixGroup(_(group.value), f"suffixes-{group.name.lower()}", members, unfolded)
        for group, members in groups
        if members
    ]


def _searched(suffix: Suffix) -> str:
    texts = (_(suffix.meaning), _(suffix.choose), _(suffix.beware))
    return " ".join(
        (suffix.name, *suffix.aliases, suffix.terms, suffix.example, suffix.release, *texts)
    ).lower()


def explore(text: str, wanted: str = "") -> Exploration | None:
    """The tags in a pasted list, newest first: lines, commas, JSON, or whole references; and which of them a range means."""
    names = list(dict.fromkeys(_pasted_names(text[: _EXPLORED_CHARACTERS * 2])))
    if not names:
        return None
    tags = sorted(map(parse_tag, names[:EXPLORED_TAGS]), key=order_key, reverse=True)
    left_out = len(names) - len(tags)
    if not wanted.strip():
        return Exploration(tags, left_out)
    try:
        versions = VersionRange.parse(wanted)
    except InvalidRange as exc:
        return Exploration(tags, left_out, problem=_(exc.sentence) % {"part": exc.part})
    return Exploration(tags, left_out, frozenset(tag.text for tag in tags if versions.matches(tag)))


def _pasted_names(text: str) -> Iterable[str]:
    for word in text.replace(",", " ").split():
        name = word.strip(_PASTED_MARKS).rpartition(":")[2].strip(_PASTED_MARKS)
        if name:
            yield name
