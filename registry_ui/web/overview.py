"""Sections of the overview page, which apps above add."""

from collections.abc import Callable, Iterator
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from .extension import Extension

# Returns a template and its context, or None for nothing.
Section = Callable[[Any], tuple[str, dict[str, Any]] | None]

OVERVIEW_SECTIONS: Extension[Section] = Extension()


def render_sections(request: HttpRequest) -> Iterator[SafeString]:
    for section in OVERVIEW_SECTIONS:
        content = section(request)
        if content is not None:
            template, context = content
            yield render_to_string(template, context, request)
