"""Teams as the product creates them, with their default registries, but without a member."""

from registry_ui.accounts.models import Team
from registry_ui.accounts.team_extensions import set_up_team


def add_team(name: str, slug: str) -> Team:
    team = Team.objects.create(name=name, slug=slug)
    set_up_team(team)
    return team
