"""The `--team` argument of management commands."""

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from .models import Team


def find_team(name: str | None) -> Team:
    """Return the team with that name or slug; without a name, the only team.

    Raises:
        CommandError: no team matches, or several do.
    """
    teams = list(Team.objects.all())
    matches = [team for team in teams if name in (team.slug, team.name)] if name else teams
    if len(matches) == 1:
        return matches[0]

    if not teams:
        raise CommandError(
            _(
                "There is no team yet. Open the link that the first start prints, "
                "and set up the installation."
            )
        )
    names = ", ".join(team.slug for team in teams)
    if name and not matches:
        raise CommandError(
            _("There is no team “%(name)s”. The teams are: %(names)s.")
            % {"name": name, "names": names}
        )
    raise CommandError(
        _("There are several teams. Choose one with --team: %(names)s.") % {"names": names}
    )
