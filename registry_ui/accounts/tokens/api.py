"""The API for programs."""

from django.http import JsonResponse
from django.views.decorators.http import require_safe

from ..models import Role
from .authentication import TokenRequest, needs_token


@require_safe
@needs_token
def me(request: TokenRequest) -> JsonResponse:
    """Describe the token: its person or robot, its scope and its current roles."""
    principal = request.principal
    expires_at = principal.token.expires_at
    return JsonResponse(
        {
            "kind": "robot" if principal.is_robot else "person",
            "name": principal.name,
            "token": principal.token.name,
            "scope": principal.scope.value,
            "expires_at": expires_at.isoformat(timespec="seconds") if expires_at else None,
            "teams": [
                {"name": team.name, "slug": team.slug, "role": role.value}
                for team in principal.teams()
                if isinstance(role := principal.role_in(team), Role)
            ],
        }
    )
