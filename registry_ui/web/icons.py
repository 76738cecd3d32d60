"""Icons, inlined by the server: no request, no script, and they take the colour of the text."""

import functools
import re

from django.utils.safestring import SafeString
from tablericons.templatetags.tablericons import icon as tabler_icon

_SPACE_BETWEEN_TAGS = re.compile(r">\s+<")


@functools.cache
def icon(name: str, size: int = 16) -> SafeString:
    """A Tabler icon by its name; `filled/star` asks for another set than the outlines."""
    path = name if "/" in name else f"outline/{name}"
    svg = tabler_icon(
        path,
        size=size,
        stroke_width="1.75",
        aria_hidden="true",
        focusable="false",
        **{"class": f"icon icon-{name.rpartition('/')[2]}"},
    )
    return SafeString(_SPACE_BETWEEN_TAGS.sub("><", svg.strip()))
