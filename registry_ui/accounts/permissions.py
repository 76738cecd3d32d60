"""Permission checks for views.

A view that creates something for the current team is decorated with `needs_role`. A view that
changes an object calls `require_role` with it: the object's team need not be the current team.
"""

import functools
from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpResponseBase
from django.utils.translation import gettext as _

from .models import Role, Team, User
from .requests import TeamRequest

View = Callable[..., HttpResponseBase]


class RoleTooLow(PermissionDenied):
    """A refusal because the person's role in the team is too low."""

    def __init__(self, message: str, team: Team) -> None:
        super().__init__(message)
        # The refusal is recorded for this team, which need not be the current one.
        self.team = team


def needs_role(required: Role) -> Callable[[View], View]:
    def decorate(view: View) -> View:
        @functools.wraps(view)
        def wrapper(request: TeamRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            # TeamMiddleware has read the role in the current team.
            _refuse_unless(required, request.role, request.team)
            return view(request, *args, **kwargs)

        return wrapper

    return decorate


def needs_administrator(view: View) -> View:
    """Restrict a view to administrators of the installation.

    The check runs before any query, so a 404 never tells which ids exist.
    """

    @functools.wraps(view)
    def wrapper(request: TeamRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_superuser:
            raise PermissionDenied(_("This is for administrators of the installation."))
        return view(request, *args, **kwargs)

    return wrapper


def require_role(user: User, obj: Any, required: Role) -> None:
    _refuse_unless(required, user.role_in(obj.team), obj.team)


def require_operator(user: User, obj: Any) -> None:
    require_role(user, obj, Role.OPERATOR)


def require_admin(user: User, obj: Any) -> None:
    require_role(user, obj, Role.ADMIN)


def check_role(team: Team, user: User | None, required: Role) -> None:
    """Check that the user has the role in the team.

    Raises:
        PermissionDenied
    """
    # The command line has no user; its operator can read and write the database anyway.
    if user is None:
        return

    role = user.role_in(team)
    if role is None or not role.allows(required):
        text = (
            _("Only admins of the team %(team)s may do this.")
            if required == Role.ADMIN
            else _("Only operators and admins of the team %(team)s may do this.")
        )
        raise PermissionDenied(text % {"team": team.name})


def _refuse_unless(required: Role, role: Role | None, team: Any) -> None:
    # `team` is None for a person without teams, `role` for somebody else's object.
    if team is None or role is None:
        raise PermissionDenied(_("You are in no team yet. Ask an administrator to add you to one."))

    if not role.allows(required):
        params = {"wanted": required.label, "team": team, "role": role.label}
        raise RoleTooLow(
            _("This needs the role “%(wanted)s” in the team %(team)s; yours is “%(role)s”.")
            % params,
            team,
        )
