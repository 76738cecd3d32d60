"""The checks of rights to write, for views and services.

All use the querysets of `Team` (`operable_by`, `editable_by`), for people and for API tokens. A
view that creates something for the current team is decorated with `needs_role`. A view that changes
an object calls `require_role` with it: the object's team need not be the current team. A service
calls `check_role`, which reads the person again.
"""

import functools
from collections.abc import Callable
from typing import Any, NoReturn

from django.core.exceptions import PermissionDenied
from django.http import HttpResponseBase
from django.utils.translation import gettext as _

from .models import Actor, Role, Team, User
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
            if not may_here(request, required):
                _refuse(required, request.role, request.team)
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


def allows(role: Role | None, required: Role) -> bool:
    """Return whether a role suffices; None is the role of somebody who is not in the team."""
    return role is not None and role.allows(required)


def may_here(request: TeamRequest, required: Role) -> bool:
    """Return whether the person has the role in the current team."""
    return allows(request.role, required)


def role_on(request: TeamRequest, obj: Any) -> Role | None:
    """Return the person's role in the object's team, which need not be the current one."""
    # The role in the current team is loaded already; another team costs a query.
    if request.team is not None and request.team.pk == obj.team_id:
        return request.role
    return request.user.role_in(obj.team)


def may(user: Actor, team: Team, required: Role) -> bool:
    """Return whether the person, or the token, has the role in the team now."""
    return Team.objects.with_role(user, required).filter(pk=team.pk).exists()


def require_role(user: Actor, obj: Any, required: Role) -> None:
    """Refuse a request to change an object of a team (for views).

    Raises:
        PermissionDenied
    """
    if not may(user, obj.team, required):
        _refuse(required, user.role_in(obj.team), obj.team)


def require_operator(user: Actor, obj: Any) -> None:
    require_role(user, obj, Role.OPERATOR)


def require_admin(user: Actor, obj: Any) -> None:
    require_role(user, obj, Role.ADMIN)


def check_role(team: Team, user: User | None, required: Role) -> None:
    """Refuse a person who has not the role in the team, or no longer has it (for services).

    Raises:
        PermissionDenied
    """
    # The command line and the scheduler have no user and may do everything.
    if user is None:
        return

    # Read again: another request may have changed the person since the view's check.
    person = User.objects.filter(pk=user.pk).first()
    if person is None or not may(person, team, required):
        _refuse(required, person.role_in(team) if person else None, team)


def check_administrator(user: User | None) -> None:
    """Refuse a person who is no administrator of the installation, or no longer one.

    Raises:
        PermissionDenied
    """
    administrators = User.objects.filter(is_superuser=True, is_active=True)
    if user is not None and not administrators.filter(pk=user.pk).exists():
        raise PermissionDenied(_("This is for administrators of the installation."))


def _refuse(required: Role, role: Role | None, team: Team | None) -> NoReturn:
    if team is None:
        raise PermissionDenied(_("You are in no team yet. Ask an administrator to add you to one."))

    params = {"wanted": required.label, "team": team, "role": role.label if role else ""}
    if role is None:
        text = _(
            "This needs the role “%(wanted)s” in the team %(team)s; you are not a member of it."
        )
    else:
        text = _("This needs the role “%(wanted)s” in the team %(team)s; yours is “%(role)s”.")
    raise RoleTooLow(text % params, team)
