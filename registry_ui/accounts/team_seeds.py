"""The content of the first team.

Upper apps register what they install in it; this app imports none of them.
"""

from collections.abc import Callable

from .models import Team, User

TeamSeed = Callable[[Team, User], None]

_registered: list[TeamSeed] = []


def register_team_seed(seed: TeamSeed) -> None:
    if seed not in _registered:
        _registered.append(seed)


def seed_team(team: Team, user: User) -> None:
    """Run the registered seeds for the first team."""
    for seed in _registered:
        seed(team, user)
