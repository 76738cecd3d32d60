"""What is remembered when a credential is used: on its row, on the share that allowed it, and in its owner's trail."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils import timezone

from registry_ui.accounts.models import Action, ActorKind, Team, User
from registry_ui.accounts.trail import Origin, acting, record

from .lending import grant_for, is_lent
from .models import Credential, CredentialGrant


@dataclass(frozen=True, slots=True)
class Use:
    """Who uses a credential, and for what: no more than its owner may know, whichever team it is.

    Args:
        what: the reference at the credential's registry, or what else is done there.
        act: pull, push, …; empty for a look.
        is_recorded: whether the trail has an event of it. A look by a page has none.
    """

    what: str = ""
    person: User | None = None
    by: str = ""
    act: str = ""
    is_recorded: bool = False


@contextlib.contextmanager
def as_others_see(person: User | None, name: str = "") -> Iterator[None]:
    """For an event in another team's trail: who did it, and not from which address or with which token."""
    kind = ActorKind.PERSON if person else ActorKind.SYSTEM
    with acting(Origin(kind, person, name=name)):
        yield


def note_use(credential: Credential, team: Team, use: Use) -> None:
    credential.mark_used(use.by, use.what)
    grant = grant_for(credential, team) if is_lent(credential, team) else None
    if grant is not None:
        CredentialGrant.objects.filter(pk=grant.pk).update(used_at=timezone.now())
    if use.is_recorded:
        with as_others_see(use.person, use.by):
            record(
                Action.CREDENTIAL_USED,
                team=credential.team,
                obj=credential,
                credential=credential,
                act=use.act,
                what=use.what,
                by_team=team.name,
            )
