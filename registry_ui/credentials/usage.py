"""Records of the use of credentials: on the row, on the grant and in the owner's audit log."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils import timezone

from registry_ui.accounts.audit.log import Origin, acting_as, record
from registry_ui.accounts.models import Action, ActorKind, Team, User

from .models import Credential, CredentialGrant
from .sharing import find_grant, is_from_other_team


@dataclass(frozen=True, slots=True)
class CredentialUse:
    """One use of a credential: person and purpose, limited to what its owner may know.

    Args:
        target: the reference at the credential's registry, or another action there.
        operation: pull, push, …; empty if a page only reads.
        is_recorded: whether the audit log gets an event. Reading for a page gets none.
    """

    target: str = ""
    person: User | None = None
    by: str = ""
    operation: str = ""
    is_recorded: bool = False


@contextlib.contextmanager
def recording_by_name_only(person: User | None, name: str = "") -> Iterator[None]:
    """Record events with the person's name only, for another team's audit log.

    Members of that team must not learn the person's address or token.
    """
    kind = ActorKind.PERSON if person else ActorKind.SYSTEM
    with acting_as(Origin(kind, person, name=name)):
        yield


def record_use(credential: Credential, team: Team, use: CredentialUse) -> None:
    credential.mark_used(use.by, use.target)
    grant = find_grant(credential, team) if is_from_other_team(credential, team) else None
    if grant is not None:
        CredentialGrant.objects.filter(pk=grant.pk).update(used_at=timezone.now())
    # One event per job, not per request: the audit log is append-only and kept for long.
    if use.is_recorded:
        with recording_by_name_only(use.person, use.by):
            record(
                Action.CREDENTIAL_USED,
                team=credential.team,
                obj=credential,
                credential=credential,
                operation=use.operation,
                target=use.target,
                by_team=team.name,
            )
