"""What the overview says of local images: how many, how much disk, the latest arrivals, what is newer on its registry."""

from typing import Any

from registry_ui.accounts.requests import TeamRequest

from .listing import images_of, totals_of

_MOST_RECENT = 5


def section(request: TeamRequest) -> tuple[str, dict[str, Any]] | None:
    """The section, or None while the team has no images."""
    team = request.team
    images = images_of(team) if team else []
    if team is None or not images:
        return None
    newer = [found for listed in images for found in listed.newer]
    return "images/_overview.html", {
        "totals": totals_of(team, images),
        "recent": images[:_MOST_RECENT],
        "newer": newer,
    }
