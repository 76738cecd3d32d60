from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from .models import Role, Team, User


class TeamRequest(HttpRequest):
    """The request of a view that requires a sign-in, for type checks.

    TeamMiddleware sets `team`, `role` and `teams` on Django's own request.
    """

    user: User
    htmx: HtmxDetails
    team: Team | None
    role: Role | None
    teams: list[Team]
