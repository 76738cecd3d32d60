"""Teams: creation, renaming and removal."""

import secrets

from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from ..audit.log import record
from ..models import Action, Membership, Role, Team, User
from ..offboarding import active_jobs_of
from ..permissions import check_administrator, check_role
from ..team_extensions import set_up_team
from .memberships import locked
from .refusals import Refused


@transaction.atomic
def create_team(*, name: str, owner: User, by: User | None = None) -> Team:
    """Create a team with its first admin.

    Raises:
        IntegrityError: another team has the name.
    """
    team = Team.objects.create(name=name, slug=_free_slug(name))
    set_up_team(team)
    Membership.objects.create(team=team, user=owner, role=Role.ADMIN)
    record(Action.TEAM_CREATED, user=by, obj=team, team=team)
    record(Action.MEMBER_ADDED, user=by, team=team, obj=owner, role=str(Role.ADMIN))
    return team


@transaction.atomic
def rename_team(*, team: Team, name: str, by: User | None) -> None:
    """Rename a team. Its slug, which commands and image names use, stays.

    Raises:
        PermissionDenied, Refused
        IntegrityError: another team has the name.
    """
    team = locked(team)
    check_role(team, by, Role.ADMIN)

    previous, team.name = team.name, name
    # An event would say that an unchanged name was changed.
    if previous == name:
        return
    team.save(update_fields=["name"])
    record(Action.TEAM_CHANGED, user=by, obj=team, team=team, was=previous)


@transaction.atomic
def remove_team(*, team: Team, by: User | None) -> None:
    """Remove a team with its registries, credentials, images, robots and records.

    Raises:
        PermissionDenied: `by` is no administrator of the installation.
        Refused: it is the only team, or has active jobs.
    """
    # All teams are locked, so that two concurrent removals cannot remove the last two.
    teams = list(Team.objects.select_for_update().order_by("pk"))
    check_administrator(by)

    if team not in teams:
        raise Refused(_("This team was removed."))
    if len(teams) == 1:
        raise Refused(_("This is the only team. Rename it, or make another one first."))
    # A job would go on for a team that no longer exists.
    if active_jobs_of(None, team):
        raise Refused(_("Something waits or runs in this team. End it first."))

    # Before the deletion, because the event stores the row's key.
    record(Action.TEAM_REMOVED, user=by, obj=team, team=team)
    team.delete()


def _free_slug(name: str) -> str:
    # Image names of the built-in registry begin with the slug. The distribution specification
    # ("Pulling manifests", <name>) allows no three underscores in a row and no dash at either end.
    base = slugify(name).replace("_", "-")[:50].strip("-") or "team"
    slug = base
    # Two names can have one slug: “Web Shop” and “web-shop”.
    while Team.objects.filter(slug=slug).exists():
        slug = f"{base}-{secrets.token_hex(2)}"
    return slug
