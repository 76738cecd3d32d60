"""Data of the credential pages: recent uses, dependents and credentials of other teams."""

from dataclasses import dataclass

from registry_ui.accounts.models import Action, AuditEvent, Team

from .dependents import Dependent, find_dependents
from .models import Credential, CredentialGrant
from .sharing import find_grant

_USES_SHOWN = 20


@dataclass(frozen=True, slots=True)
class SharedCredential:
    """A credential of another team, with the grant by which a team may use it."""

    credential: Credential
    grant: CredentialGrant

    @property
    def may_push(self) -> bool:
        return self.grant.can_push and self.credential.can_push

    @property
    def patterns(self) -> list[str]:
        """The repository patterns, all of which must match."""
        both = (self.grant.repository_pattern, self.credential.repository_pattern)
        return list(dict.fromkeys(pattern for pattern in both if pattern))

    @property
    def has_problem(self) -> bool:
        return self.grant.state != "ok" or self.credential.state in (
            "expired",
            "expiring",
            "failed",
        )


def credentials_shared_with(team: Team) -> list[SharedCredential]:
    """Return the credentials that other teams share with the team, expired grants included."""
    rows = Credential.objects.usable_by(team).exclude(team=team).order_by("registry__host", "label")
    pairs = [(credential, find_grant(credential, team)) for credential in rows]
    return [SharedCredential(credential, grant) for credential, grant in pairs if grant is not None]


def recent_uses(credential: Credential) -> list[AuditEvent]:
    """Return the latest uses by any team, from the owner's audit log."""
    # By key, because events outlive the rows that they are about.
    events = AuditEvent.objects.filter(
        credential_key=str(credential.pk), action=Action.CREDENTIAL_USED
    )
    return list(events.filter(team_key=credential.team_id).order_by("-at")[:_USES_SHOWN])


def find_all_dependents(*credentials: Credential, team: Team | None = None) -> list[Dependent]:
    """Return what stops if the credentials are removed, or no longer shared with `team`."""
    return [
        dependent for credential in credentials for dependent in find_dependents(credential, team)
    ]
