"""Inline SVG icons: they need no request and no script, and have the colour of the text."""

import functools
import re

from django.utils.safestring import SafeString
from tablericons.templatetags.tablericons import icon as tabler_icon

_SPACE_BETWEEN_TAGS = re.compile(r">\s+<")


@functools.cache
def icon(name: str, size: int = 16) -> SafeString:
    """Return a Tabler icon: `star` is the outline, `filled/star` the filled one."""
    path = name if "/" in name else f"outline/{name}"
    svg = tabler_icon(
        path,
        size=size,
        stroke_width="1.75",
        aria_hidden="true",
        focusable="false",
        **{"class": f"icon icon-{name.rpartition('/')[2]}"},
    )
    # White space in the SVG would show as a gap beside the text.
    return SafeString(_SPACE_BETWEEN_TAGS.sub("><", svg.strip()))
