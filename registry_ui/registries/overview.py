"""What the overview says about registries: only what needs somebody's hand."""

from typing import Any

from registry_ui.accounts.models import Role
from registry_ui.accounts.requests import TeamRequest

from .models import Credential, CredentialGrant, Registry
from .overseeing import borrowed_by


def section(request: TeamRequest) -> tuple[str, dict[str, Any]] | None:
    if request.team is None:
        return None
    failing = list(Registry.objects.filter(team=request.team).failing())
    troubled = list(
        Credential.objects.filter(team=request.team).in_trouble().select_related("registry")
    )
    ending = list(
        CredentialGrant.objects.ending()
        .filter(credential__team=request.team)
        .select_related("team", "credential")
    )
    borrowed = [each for each in borrowed_by(request.team) if each.is_in_trouble]
    if not failing and not troubled and not ending and not borrowed:
        return None
    may_edit = request.role is not None and request.role.allows(Role.ADMIN)
    return "registries/_overview.html", {
        "failing": failing,
        "troubled": troubled,
        "ending": ending,
        "borrowed": borrowed,
        "may_edit": may_edit,
    }
