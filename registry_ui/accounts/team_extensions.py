"""Extension points of a team's creation and deletion; this app imports none of the apps above."""

from collections.abc import Callable, Sequence

from registry_ui.web.extension import Extension

from .models import Team, User

# Called in the transaction that creates a team.
NEW_TEAM_SETUPS: Extension[Callable[[Team], None]] = Extension()

# Installs sample content in the first team.
TEAM_SEEDS: Extension[Callable[[Team, User], None]] = Extension()

# Returns phrases such as “3 registries”; none where the team has no such objects.
DELETION_SUMMARIES: Extension[Callable[[Team], Sequence[str]]] = Extension()


def set_up_team(team: Team) -> None:
    """Give a new team what every team has, such as its default registries."""
    for set_up in NEW_TEAM_SETUPS:
        set_up(team)


def seed_team(team: Team, user: User) -> None:
    """Install the sample content in the first team."""
    for seed in TEAM_SEEDS:
        seed(team, user)


def deletion_summary(team: Team) -> list[str]:
    """Return what is deleted together with a team, for the page that confirms it."""
    return [phrase for summarize in DELETION_SUMMARIES for phrase in summarize(team)]
