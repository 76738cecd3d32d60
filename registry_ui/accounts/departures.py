"""What a person has running, when they leave a team or the installation. Apps above register how theirs is found, ended and
handed over; this app imports none of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from .models import Team, User


@dataclass(frozen=True, slots=True)
class Running:
    """One job that waits or runs, for a person to decide about."""

    words: str
    url: str
    state: str


class Work(Protocol):
    """One kind of jobs. `team` None means: in every team."""

    def running(self, person: User, team: Team | None) -> Sequence[Running]: ...

    def end(self, person: User, team: Team | None, *, by: User | None) -> int: ...

    def hand_over(self, person: User, team: Team | None, *, to: User) -> int: ...


_registered: list[Work] = []


def register_work(work: Work) -> None:
    if work not in _registered:
        _registered.append(work)


def running_of(person: User, team: Team | None = None) -> list[Running]:
    return [each for work in _registered for each in work.running(person, team)]


def end_work(person: User, team: Team | None = None, *, by: User | None) -> int:
    """How many were ended."""
    return sum(work.end(person, team, by=by) for work in _registered)


def hand_over_work(person: User, team: Team | None = None, *, to: User) -> int:
    """How many were handed over."""
    return sum(work.hand_over(person, team, to=to) for work in _registered)
