from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpResponseBase

from .addresses import client_address
from .bounds import count_this_minute
from .models import Action, ActorKind, Outcome, Team
from .requests import TeamRequest
from .trail import Origin, acting, become, current_origin, record

SESSION_KEY = "team"
REFUSALS_A_MINUTE = 10


class TeamMiddleware:
    """Sets `request.team`, `request.role` and `request.teams` on every page that needs a sign-in.

    The session only remembers a wish: the team is looked up among those that the person sees now.
    """

    def __init__(self, get_response: Callable[[TeamRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: TeamRequest) -> HttpResponseBase:
        request.team, request.role, request.teams = None, None, []
        return self.get_response(request)

    def process_view(
        self, request: TeamRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> None:
        if not getattr(view, "login_required", True) or not request.user.is_authenticated:
            return
        request.teams = list(Team.objects.visible_to(request.user))
        request.team = _chosen(request.teams, request.session.get(SESSION_KEY))
        request.role = request.user.role_in(request.team) if request.team else None


def _chosen(teams: list[Team], wish: int | None) -> Team | None:
    return next((team for team in teams if team.pk == wish), teams[0] if teams else None)


class OriginMiddleware:
    """Whatever the request does is recorded with who did it, and from where."""

    def __init__(self, get_response: Callable[[TeamRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: TeamRequest) -> HttpResponseBase:
        with acting(Origin(ActorKind.STRANGER, address=client_address(request))):
            return self.get_response(request)

    def process_view(
        self, request: TeamRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> None:
        # A view without a sign-in looks at no session: a token may say who it is, or nobody does.
        if getattr(view, "login_required", True) and request.user.is_authenticated:
            become(request.user)

    def process_exception(self, request: TeamRequest, exception: Exception) -> None:
        if isinstance(exception, PermissionDenied):
            _record_refusal(request, exception)


def _record_refusal(request: TeamRequest, exception: PermissionDenied) -> None:
    """Of one person at most a few a minute: who knocks at every door shall not fill the trail."""
    user = current_origin().user
    if user is None or count_this_minute(f"refused:{user.pk}") > REFUSALS_A_MINUTE:
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
