"""Names of tags with explanations of their parts, on hover, focus and tap.

Without JavaScript, a link leads to the explanations in the Guide.
"""

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

from registry_ui.tags import BY_NAME, Explanation, Movement, describe_risk, explain_tag, parse_tag

register = template.Library()
# Lists repeat tags, and an explanation takes longer than the lookup.
_NAMES_KEPT = 4096
_LONGEST_TAG = 128
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class _Named:
    """A rendered tag. Its page needs the texts of `parts` and `movement` once."""

    text: SafeString
    attributes: SafeString
    help: SafeString
    parts: tuple[Explanation, ...]
    movement: Movement


@register.simple_tag(takes_context=True)
def tag_name(context: Context, text: Any, href: str = "") -> SafeString:
    """Render a tag, as a link if `href` is given.

    The texts about its parts come with the first tag on the page that needs them.
    """
    language = get_language() or ""
    # A hostile text longer than a tag must not fill the cache.
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


# `language` is part of the cache's key, because the result has translated texts.
@functools.lru_cache(maxsize=_NAMES_KEPT)
def _named(text: str, language: str) -> _Named:
    tag = parse_tag(text)
    attributes = format_html(
        ' data-tag-name data-movement="{}" data-risk="{}"',
        tag.movement.value,
        _translated(describe_risk(tag)),
    )

    label = _("What %(tag)s means") % {"tag": text}
    link = format_html(
        '<a class="tag-help" data-tag-help href="{}" aria-label="{}"></a>',
        _guide_url(text, "suffixes"),
        label,
    )

    explanations = explain_tag(tag)
    # Without the text of this tag, so that tags with the same word share an explanation.
    parts = tuple(dict.fromkeys(replace(explanation, part="") for explanation in explanations))
    return _Named(_pieces(text, explanations), attributes, link, parts, tag.movement)


def _pieces(text: str, explanations: Sequence[Explanation]) -> SafeString:
    """Return the text with a span around each part; separators stay as they are."""
    marked, rest = [], text
    for explanation in explanations:
        separator, _part, rest = rest.partition(explanation.part)
        marked.append((separator, _key(explanation), explanation.part))
    return format_html_join("", '{}<span data-part="{}">{}</span>', marked) + format_html(
        "{}", rest
    )


def _texts(context: Context, named: _Named, language: str) -> SafeString:
    request = context.get("request")
    # A page with a thousand tags has each text once; fragments have texts of their own.
    given: set[object] = (
        set() if request is None else request.__dict__.setdefault("tag_texts_given", set())
    )

    movements = [movement for movement in (named.movement,) if movement not in given]
    parts = [part for part in named.parts if part not in given]
    given.update(movements, parts)

    return SafeString(
        "".join(
            [
                *(_movement(movement, language) for movement in movements),
                *(_part(part, language) for part in parts),
            ]
        )
    )


@functools.cache
def _part(part: Explanation, language: str) -> SafeString:
    texts = {
        "label": part.label,
        "meaning": part.meaning,
        "use_case": part.use_case,
        "drawback": part.drawback,
    }
    address = _guide_url(part.name, BY_NAME[part.name].anchor) if part.name else ""
    translated = {name: _translated(text) for name, text in texts.items()}
    return _rendered("part", {"key": _key(part), "address": address, **translated})


@functools.cache
def _movement(movement: Movement, language: str) -> SafeString:
    return _rendered("movement", {"movement": movement.value})


def _rendered(partial: str, context: dict[str, str]) -> SafeString:
    return SafeString(_SPACES.sub(" ", render_to_string(f"web/_tag_name.html#{partial}", context)))


def _guide_url(query: str, anchor: str) -> str:
    return f"{reverse('web:guide')}?{urlencode({'q': query})}#{quote(anchor)}"


def _key(part: Explanation) -> str:
    return f"{part.role.value}/{part.name}"


def _translated(text: str) -> str:
    return _(text) if text else ""
