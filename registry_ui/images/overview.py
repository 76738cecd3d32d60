"""The overview's section about local images."""

from typing import Any

from registry_ui.accounts.requests import TeamRequest

from .image_list import list_images, storage_totals

_MAX_RECENT = 5


def overview_section(request: TeamRequest) -> tuple[str, dict[str, Any]] | None:
    """Return the section's template and context, or None without images."""
    team = request.team
    images = list_images(team) if team else []
    if team is None or not images:
        return None
    newer = [newer_image for listed in images for newer_image in listed.newer]
    return "images/_overview.html", {
        "totals": storage_totals(team, images),
        "recent": images[:_MAX_RECENT],
        "newer": newer,
    }
