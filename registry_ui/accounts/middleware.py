from collections.abc import Callable
from typing import Any

from django.http import HttpResponseBase

from .addresses import client_address
from .models import ActorKind, Team
from .requests import TeamRequest
from .trail import Origin, acting, become

SESSION_KEY = "team"


class TeamMiddleware:
    """Sets `request.team`, `request.role` and `request.teams` on every page that needs a sign-in.

    The session only remembers a wish: the team is looked up among those that the person sees now.
    """

    def __init__(self, get_response: Callable[[TeamRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: TeamRequest) -> HttpResponseBase:
        request.team, request.role, request.teams = None, None, []
        return self.get_response(request)

    def process_view(self, request: TeamRequest, view: Callable[..., Any], args: Any, kwargs: Any) -> None:
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

    def process_view(self, request: TeamRequest, view: Callable[..., Any], args: Any, kwargs: Any) -> None:
        # A view without a sign-in looks at no session: a token may say who it is, or nobody does.
        if getattr(view, "login_required", True) and request.user.is_authenticated:
            become(request.user)
