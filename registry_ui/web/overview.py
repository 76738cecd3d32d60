"""Sections of the overview page, which apps above register when they start."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

Section = Callable[[Any], tuple[str, dict[str, Any]] | None]


class _Registered(NamedTuple):
    order: int
    name: str
    section: Section


_registered: list[_Registered] = []


def register_overview_section(order: int, section: Section) -> None:
    """Add a section: a function that returns a template and its context, or None for nothing."""
    # Identified by its name, so that adding a section twice changes nothing.
    entry = _Registered(order, f"{section.__module__}.{section.__qualname__}", section)
    if all(known.name != entry.name for known in _registered):
        _registered.append(entry)
        _registered.sort(key=lambda known: (known.order, known.name))


def render_sections(request: HttpRequest) -> Iterator[SafeString]:
    for registered in _registered:
        content = registered.section(request)
        if content is not None:
            template, context = content
            yield render_to_string(template, context, request)
