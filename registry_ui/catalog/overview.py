"""The overview's section about registries and credentials that need attention."""

from typing import Any

from registry_ui.accounts.models import Role
from registry_ui.accounts.permissions import may_here
from registry_ui.accounts.requests import TeamRequest
from registry_ui.credentials.models import Credential, CredentialGrant
from registry_ui.credentials.summary import credentials_shared_with
from registry_ui.registries.models import Registry


def section(request: TeamRequest) -> tuple[str, dict[str, Any]] | None:
    if request.team is None:
        return None

    failing = list(Registry.objects.filter(team=request.team).failing())
    failing_credentials = list(
        Credential.objects.filter(team=request.team).with_problems().select_related("registry")
    )
    ending = list(
        CredentialGrant.objects.ending()
        .filter(credential__team=request.team)
        .select_related("team", "credential")
    )
    # A team cannot repair another team's credential, but it must know why its jobs fail.
    shared = [use for use in credentials_shared_with(request.team) if use.has_problem]
    if not failing and not failing_credentials and not ending and not shared:
        return None

    # Only admins of the team may change its registries and credentials.
    may_edit = may_here(request, Role.ADMIN)
    return "registries/_overview.html", {
        "failing": failing,
        "failing_credentials": failing_credentials,
        "ending": ending,
        "shared": shared,
        "may_edit": may_edit,
    }
