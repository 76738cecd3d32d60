"""Polling of pages."""

from registry_ui.accounts.requests import TeamRequest

STOP_POLLING = 286


def is_fragment(request: TeamRequest) -> bool:
    return bool(request.htmx and not request.htmx.boosted)
