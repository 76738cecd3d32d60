from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpResponseBase

from .addresses import client_address
from .audit.log import Origin, acting_as, current_origin, record, set_actor
from .models import Action, ActorKind, Outcome, Team
from .rate_limits import count_this_minute
from .requests import TeamRequest

SESSION_KEY = "team"
_REFUSALS_A_MINUTE = 10


class TeamMiddleware:
    """Middleware that sets `request.team`, `request.role` and `request.teams`.

    The session keeps only the key of the current team. The team is read again at each request,
    among those that the person may see now.
    """

    def __init__(self, get_response: Callable[[TeamRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: TeamRequest) -> HttpResponseBase:
        # Views without a sign-in, and error pages, read these too.
        request.team, request.role, request.teams = None, None, []
        return self.get_response(request)

    def process_view(
        self, request: TeamRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> None:
        # A public view must not read `request.user`, which loads the session from the database.
        if not getattr(view, "login_required", True) or not request.user.is_authenticated:
            return
        request.teams = list(Team.objects.visible_to(request.user))
        request.team = _current_team(request.teams, request.session.get(SESSION_KEY))
        request.role = request.user.role_in(request.team) if request.team else None


def _current_team(teams: list[Team], selected: int | None) -> Team | None:
    # The selected team may be removed, or the person may have left it.
    first = teams[0] if teams else None
    return next((team for team in teams if team.pk == selected), first)


class OriginMiddleware:
    """Middleware that tells the audit log the actor and the address of the request."""

    def __init__(self, get_response: Callable[[TeamRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: TeamRequest) -> HttpResponseBase:
        # Nobody is known before the view is: `process_view` sets the person.
        with acting_as(Origin(ActorKind.ANONYMOUS, address=client_address(request))):
            return self.get_response(request)

    def process_view(
        self, request: TeamRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> None:
        # A view without a sign-in ignores the session: `needs_token` sets the actor there.
        if getattr(view, "login_required", True) and request.user.is_authenticated:
            set_actor(request.user)

    def process_exception(self, request: TeamRequest, exception: Exception) -> None:
        if isinstance(exception, PermissionDenied):
            _record_refusal(request, exception)


def _record_refusal(request: TeamRequest, exception: PermissionDenied) -> None:
    """Record a refused page, at most ten a minute for one person, so the log is not flooded."""
    user = current_origin().user
    if user is None or count_this_minute(f"refused:{user.pk}") > _REFUSALS_A_MINUTE:
        return

    match = request.resolver_match
    record(
        Action.ACCESS_REFUSED,
        team=getattr(exception, "team", None) or request.team,
        outcome=Outcome.REFUSED,
        name=match.view_name if match else "",
        method=request.method,
        reason=str(exception)[:200],
    )
