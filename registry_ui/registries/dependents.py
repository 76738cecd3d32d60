"""What depends on a credential: transfers that wait or run with it, and later mirrors. Apps above register how theirs are found
and stopped; this app imports none of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from registry_ui.accounts.models import Team, User

from .models import Credential


@dataclass(frozen=True, slots=True)
class Dependent:
    """One thing that stops when the credential goes. The url is for those who may see it: its team's people."""

    words: str
    url: str
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
