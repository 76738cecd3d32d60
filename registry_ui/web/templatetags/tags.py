"""A tag's name whose parts explain themselves: on hover, on keyboard focus, on a tap; without JavaScript in the Guide."""

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from django import template
from django.template.context import Context
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from registry_ui.tags import BY_NAME, Explanation, Movement, explain_tag, parse_tag, risk_of

register = template.Library()
_NAMES_KEPT = 4096
_LONGEST_TAG = 128
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class _Named:
    """A tag's name as it is shown; the texts of `parts` and `movement` have to stand once on its page."""

    text: SafeString
    attributes: SafeString
    help: SafeString
    parts: tuple[Explanation, ...]
    movement: Movement


@register.simple_tag(takes_context=True)
def tag_name(context: Context, text: Any, href: str = "") -> SafeString:
    """A tag's name, as a link where an address is given. The texts about its parts come with the first name that needs them."""
    language = get_language() or ""
    named = (_named if len(str(text)) <= _LONGEST_TAG else _named.__wrapped__)(str(text), language)
    body = (
        format_html('<a class="tag-name-link" href="{}">{}</a>', href, named.text)
        if href
        else named.text
    )
    name = format_html(
        '<span class="tag-name" translate="no"{}>{}{}</span>', named.attributes, body, named.help
    )
    return name + _texts(context, named, language)


@functools.lru_cache(maxsize=_NAMES_KEPT)
def _named(text: str, language: str) -> _Named:
    tag = parse_tag(text)
    attributes = format_html(
        ' data-tag-name data-movement="{}" data-risk="{}"',
        tag.movement.value,
        _translated(risk_of(tag)),
    )
    label = _("What %(tag)s means") % {"tag": text}
    link = format_html(
        '<a class="tag-help" data-tag-help href="{}" aria-label="{}"></a>',
        _guide_at(text, "suffixes"),
        label,
    )
    explanations = explain_tag(tag)
    parts = tuple(dict.fromkeys(replace(each, part="") for each in explanations))
    return _Named(_pieces(text, explanations), attributes, link, parts, tag.movement)


def _pieces(text: str, explanations: Sequence[Explanation]) -> SafeString:
    """The text with each part marked, and what separates them left as it is."""
    marked, rest = [], text
    for each in explanations:
        separator, _part, rest = rest.partition(each.part)
        marked.append((separator, _key(each), each.part))
    return format_html_join("", '{}<span data-part="{}">{}</span>', marked) + format_html(
        "{}", rest
    )


def _texts(context: Context, named: _Named, language: str) -> SafeString:
    request = context.get("request")
    given: set[object] = (
        set() if request is None else request.__dict__.setdefault("tag_texts_given", set())
    )
    movements = [movement for movement in (named.movement,) if movement not in given]
    parts = [part for part in named.parts if part not in given]
    given.update(movements, parts)
    return SafeString(
        "".join(
            [
                *(_movement(each, language) for each in movements),
                *(_part(each, language) for each in parts),
            ]
        )
    )


@functools.cache
def _part(part: Explanation, language: str) -> SafeString:
    texts = {
        "label": part.label,
        "meaning": part.meaning,
        "choose": part.choose,
        "beware": part.beware,
    }
    address = _guide_at(part.name, BY_NAME[part.name].anchor) if part.name else ""
    translated = {name: _translated(text) for name, text in texts.items()}
    return _rendered("part", {"key": _key(part), "address": address, **translated})


@functools.cache
def _movement(movement: Movement, language: str) -> SafeString:
    return _rendered("movement", {"movement": movement.value})


def _rendered(partial: str, context: dict[str, str]) -> SafeString:
    return SafeString(_SPACES.sub(" ", render_to_string(f"web/_tag_name.html#{partial}", context)))


def _guide_at(query: str, anchor: str) -> str:
    return f"{reverse('web:guide')}?{urlencode({'q': query})}#{quote(anchor)}"


def _key(part: Explanation) -> str:
    return f"{part.role.value}/{part.name}"


def _translated(text: str) -> str:
    return _(text) if text else ""
