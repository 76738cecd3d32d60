"""What depends on a credential: transfers that wait or run with it, and later mirrors. Apps above register how theirs are found
and stopped; this app imports none of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from registry_ui.accounts.models import Team, User
from registry_ui.accounts.trail import current_origin

from .lending import grant_for, moment_words, taken_back_words
from .models import Credential


@dataclass(frozen=True, slots=True)
class Dependent:
    """One thing that stops when the credential goes. The url is for those who may see it: its team's people."""

    words: str
    url: str | Promise
    state: str
    team: Team


class Dependents(Protocol):
    """One kind of things. `team` None means: of every team."""

    def of(self, credential: Credential, team: Team | None) -> Sequence[Dependent]: ...

    def stop(self, credential: Credential, team: Team | None, *, by: User | None) -> int: ...


_registered: list[Dependents] = []


def register_dependents(kind: Dependents) -> None:
    if kind not in _registered:
        _registered.append(kind)


def dependents_of(credential: Credential, team: Team | None = None) -> list[Dependent]:
    return [each for kind in _registered for each in kind.of(credential, team)]


def stop_dependents(credential: Credential, team: Team | None = None, *, by: User | None) -> int:
    """How many were stopped."""
    return sum(kind.stop(credential, team, by=by) for kind in _registered)


def why_stopped(credential: Credential, team: Team | None) -> dict[str, str]:
    """What the row of a stopped job says as its error."""
    if (
        team is not None
        and (grant := grant_for(credential, team)) is not None
        and grant.revoked_at is not None
    ):
        message = taken_back_words(grant)
        advice = _(
            "Start it again with another credential, or ask an admin of the team %(owner)s."
        ) % {"owner": credential.team}
    else:
        words = {
            "owner": credential.team,
            "label": credential.label,
            "host": credential.registry.host,
        }
        message = _(
            "The team %(owner)s removed the credential “%(label)s” for %(host)s on %(when)s."
        ) % {
            **words,
            "when": moment_words(timezone.now()),
        }
        advice = _("Start it again with another credential.")
    return {"kind": "CredentialGone", "message": message, "advice": advice}


def stop_before_removal(sender: type[Credential], instance: Credential, **_kwargs: Any) -> None:
    """Receiver of `pre_delete`: a credential goes by itself, with its registry, or with its team."""
    stop_dependents(instance, by=current_origin().user)
