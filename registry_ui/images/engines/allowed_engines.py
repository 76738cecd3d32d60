"""Engines that the operator allows to teams. Every page and job asks again."""

from django.conf import settings

from registry_ui.accounts.models import Team
from registry_ui.environment import EngineSetting

from .errors import EngineUnknown


def engines_of(team: Team | None) -> list[EngineSetting]:
    """Return the engines that the team may use, in the operator's order."""
    if team is None:
        return []

    # `*` allows an engine to all teams.
    return [engine for engine in settings.ENGINES if engine.teams & {team.slug, "*"}]


def engine_for(team: Team, name: str) -> EngineSetting:
    """Return an engine that the team may use.

    Raises:
        EngineUnknown: no engine has this name, or the team may not use it.
    """
    for engine in engines_of(team):
        if engine.name == name:
            return engine
    raise EngineUnknown("engine_unknown", team=team.name, name=name)
