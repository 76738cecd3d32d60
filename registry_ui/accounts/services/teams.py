"""Teams."""

import secrets

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from ..departures import running_of
from ..models import Action, Membership, Role, Team, User
from ..trail import record
from .memberships import locked, need_admin
from .refusals import Refused


@transaction.atomic
def create_team(*, name: str, owner: User, by: User | None = None) -> Team:
    """A team, with its first admin.

    Raises:
        IntegrityError: another team has the name.
    """
    team = Team.objects.create(name=name, slug=_free_slug(name))
    Membership.objects.create(team=team, user=owner, role=Role.ADMIN)
    record(Action.TEAM_CREATED, user=by, obj=team, team=team)
    record(Action.MEMBER_ADDED, user=by, team=team, obj=owner, role=str(Role.ADMIN))
    return team


@transaction.atomic
def rename_team(*, team: Team, name: str, by: User | None) -> None:
    """The short name, which commands use, stays.

    Raises:
        PermissionDenied, Refused
        IntegrityError: another team has the name.
    """
    team = locked(team)
    need_admin(team, by)
    was, team.name = team.name, name
    if was == name:
        return
    team.save(update_fields=["name"])
    record(Action.TEAM_CHANGED, user=by, obj=team, team=team, was=was)


@transaction.atomic
def remove_team(*, team: Team, by: User | None) -> None:
    """With all that it has: registries, credentials, images, robots and records.

    Raises:
        PermissionDenied: `by` is no administrator of the installation.
        Refused: it is the only one, or something waits or runs in it.
    """
    teams = list(Team.objects.select_for_update().order_by("pk"))
    if (
        by is not None
        and not User.objects.filter(pk=by.pk, is_superuser=True, is_active=True).exists()
    ):
        raise PermissionDenied(_("This is for administrators of the installation."))
    if team not in teams:
        raise Refused(_("This team was removed."))
    if len(teams) == 1:
        raise Refused(_("This is the only team. Rename it, or make another one first."))
    if running_of(None, team):
        raise Refused(_("Something waits or runs in this team. End it first."))
    record(Action.TEAM_REMOVED, user=by, obj=team, team=team)
    team.delete()


def _free_slug(name: str) -> str:
    # Names of images on this server begin with it: no underscores in a row, and no dash at an end.
    wish = slugify(name).replace("_", "-")[:50].strip("-") or "team"
    slug = wish
    while Team.objects.filter(slug=slug).exists():
        slug = f"{wish}-{secrets.token_hex(2)}"
    return slug
