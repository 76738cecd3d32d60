"""Parts of a page that htmx fetches, once or again and again."""

from django.http import HttpRequest

# htmx stops polling on this status (https://htmx.org/docs/#load_polling).
STOP_POLLING = 286


def is_fragment(request: HttpRequest) -> bool:
    """Return whether a part of a page was asked for; a boosted link asks for a whole page."""
    htmx = getattr(request, "htmx", None)
    return bool(htmx and not htmx.boosted)
