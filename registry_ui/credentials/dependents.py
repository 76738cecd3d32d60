"""Jobs and mirrors that depend on a credential.

Apps above add how theirs are found and stopped; this app imports none of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from django.utils import timezone
from django.utils.functional import Promise

from registry_ui.accounts.audit.log import current_origin
from registry_ui.accounts.models import Team, User
from registry_ui.oci.errors import StoredError
from registry_ui.web.extension import Extension

from .models import Credential
from .sharing import find_grant


@dataclass(frozen=True, slots=True)
class Dependent:
    """A job or mirror that stops when the credential is removed or no longer shared.

    The page at `url` is visible to members of `team` only.
    """

    description: str
    url: str | Promise
    state: str
    team: Team


class DependentSource(Protocol):
    """One kind of dependents. `team` None means: of every team."""

    def find(self, credential: Credential, team: Team | None) -> Sequence[Dependent]: ...

    def stop(self, credential: Credential, team: Team | None, *, by: User | None) -> int: ...


DEPENDENT_SOURCES: Extension[DependentSource] = Extension()


def find_dependents(credential: Credential, team: Team | None = None) -> list[Dependent]:
    return [
        dependent for source in DEPENDENT_SOURCES for dependent in source.find(credential, team)
    ]


def stop_dependents(credential: Credential, team: Team | None = None, *, by: User | None) -> int:
    """Stop all dependents and return how many there were."""
    return sum(source.stop(credential, team, by=by) for source in DEPENDENT_SOURCES)


def stop_error(credential: Credential, team: Team | None) -> StoredError:
    """Return the error of the rows of jobs that were stopped."""
    grant = find_grant(credential, team) if team is not None else None
    parameters = {"owner": str(credential.team), "label": credential.label}
    # The grant of a revoked share remains, so the message can name the date.
    if grant is not None and grant.revoked_at is not None:
        code, removed = "share_revoked_meanwhile", {"revoked_at": str(grant.revoked_at)}
    else:
        code = "credential_removed"
        removed = {"host": credential.registry.host, "removed_at": str(timezone.now())}
    return {"kind": "CredentialRemoved", "code": code, "parameters": {**parameters, **removed}}


def stop_before_deletion(sender: type[Credential], instance: Credential, **_kwargs: Any) -> None:
    """Stop the dependents of a credential before it is deleted (receiver of `pre_delete`)."""
    # A signal, because a credential is also deleted by the cascade from its registry or its team.
    stop_dependents(instance, by=current_origin().user)
