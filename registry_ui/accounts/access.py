"""Who may do what. A view that makes something for the current team is decorated; one that changes something found by its
id asks about that object, because its team need not be the current one."""

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
    """The person's role in the team does not reach that far."""

    def __init__(self, message: str, team: Team) -> None:
        super().__init__(message)
        self.team = team


def needs_role(wanted: Role) -> Callable[[View], View]:
    def decorate(view: View) -> View:
        @functools.wraps(view)
        def guarded(request: TeamRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            _refuse_unless(wanted, request.role, request.team)
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def needs_administrator(view: View) -> View:
    """A page of the installation; asked before anything is looked up, so that ids tell nobody what there is."""

    @functools.wraps(view)
    def guarded(request: TeamRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_superuser:
            raise PermissionDenied(_("This is for administrators of the installation."))
        return view(request, *args, **kwargs)

    return guarded


def require_role(user: User, obj: Any, wanted: Role) -> None:
    _refuse_unless(wanted, user.role_in(obj.team), obj.team)


def require_operator(user: User, obj: Any) -> None:
    require_role(user, obj, Role.OPERATOR)


def require_admin(user: User, obj: Any) -> None:
    require_role(user, obj, Role.ADMIN)


def _refuse_unless(wanted: Role, role: Role | None, team: Any) -> None:
    if team is None or role is None:
        raise PermissionDenied(_("You are in no team yet. Ask an administrator to add you to one."))
    if not role.allows(wanted):
        words = {"wanted": wanted.label, "team": team, "role": role.label}
        raise RoleTooLow(
            _("This needs the role “%(wanted)s” in the team %(team)s; yours is “%(role)s”.")
            % words,
            team,
        )
