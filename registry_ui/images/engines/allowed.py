"""Which engines the operator allows to which teams. Asked for anew by every page and every job."""

from django.conf import settings
from django.utils.translation import gettext as _

from registry_ui.accounts.models import Team
from registry_ui.environment import EngineSetting

from .errors import EngineUnknown


def engines_of(team: Team | None) -> list[EngineSetting]:
    """Those that the team may use, in the operator's order."""
    if team is None:
        return []
    return [engine for engine in settings.ENGINES if engine.teams & {team.slug, "*"}]


def engine_for(team: Team, name: str) -> EngineSetting:
    """
    Raises:
        EngineUnknown: there is none of this name, or not for this team.
    """
    for engine in engines_of(team):
        if engine.name == name:
            return engine
    raise EngineUnknown(
        _("The team %(team)s may not use an engine “%(name)s”.")
        % {"team": team.name, "name": name},
        advice=_("The operator of this installation allows engines to teams: REGISTRY_UI_ENGINES."),
    )
