from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from .models import Role, Team, User


class TeamRequest(HttpRequest):
    """What a view behind the sign-in gets: TeamMiddleware sets team, role and teams on Django's own request. For type checks."""

    user: User
    htmx: HtmxDetails
    team: Team | None
    role: Role | None
    teams: list[Team]
