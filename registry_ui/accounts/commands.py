"""What management commands of every app share: whose team they work for."""

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from .models import Team


def team_named(name: str | None) -> Team:
    """The team of that name or short name; without one, the only team.

    Raises:
        CommandError: there is none, or several, and which they are.
    """
    teams = list(Team.objects.all())
    found = [team for team in teams if name in (team.slug, team.name)] if name else teams
    if len(found) == 1:
        return found[0]
    if not teams:
        raise CommandError(
            _(
                "There is no team yet. Open the link that the first start prints, and set up the installation."
            )
        )
    names = ", ".join(team.slug for team in teams)
    if name and not found:
        raise CommandError(
            _("There is no team “%(name)s”. The teams are: %(names)s.")
            % {"name": name, "names": names}
        )
    raise CommandError(
        _("There are several teams. Choose one with --team: %(names)s.") % {"names": names}
    )
