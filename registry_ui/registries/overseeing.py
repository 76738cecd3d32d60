"""What a page says of a credential: who uses it for what, what depends on it, and what other teams share."""

from dataclasses import dataclass

from registry_ui.accounts.models import Action, AuditEvent, Team

from .dependents import Dependent, dependents_of
from .lending import grant_for
from .models import Credential, CredentialGrant

_USES_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Borrowed:
    """A credential that another team shares, as the team that may use it sees it."""

    credential: Credential
    grant: CredentialGrant

    @property
    def may_push(self) -> bool:
        return self.grant.can_push and self.credential.can_push

    @property
    def patterns(self) -> list[str]:
        """Both have to match."""
        both = (self.grant.repository_pattern, self.credential.repository_pattern)
        return list(dict.fromkeys(pattern for pattern in both if pattern))

    @property
    def is_in_trouble(self) -> bool:
        return self.grant.state != "ok" or self.credential.state in (
            "expired",
            "expiring",
            "failed",
        )


def borrowed_by(team: Team) -> list[Borrowed]:
    """What other teams share with it and have not taken back, in force or ended."""
    rows = Credential.objects.usable_by(team).exclude(team=team).order_by("registry__host", "label")
    found = [(credential, grant_for(credential, team)) for credential in rows]
    return [Borrowed(credential, grant) for credential, grant in found if grant is not None]


def uses_of(credential: Credential) -> list[AuditEvent]:
    """The latest transfers with it, of every team: the trail's events, which say no more than its owner may know."""
    events = AuditEvent.objects.filter(
        credential_key=str(credential.pk), action=Action.CREDENTIAL_USED
    )
    return list(events.filter(team_key=credential.team_id).order_by("-at")[:_USES_SHOWN])


def would_stop(*credentials: Credential, team: Team | None = None) -> list[Dependent]:
    """What stops when they go, or go from one team."""
    return [each for credential in credentials for each in dependents_of(credential, team)]
