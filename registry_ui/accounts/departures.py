"""What a person has running, when they leave a team or the installation. Apps above register how theirs is found, ended and
handed over; this app imports none of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from django.utils.translation import ngettext

from .models import Team, User


@dataclass(frozen=True, slots=True)
class Running:
    """One job that waits or runs, for a person to decide about."""

    words: str
    url: str
    state: str


class Work(Protocol):
    """One kind of jobs. `team` None means: in every team; `person` None: whoever asked for them.

    What is handed over passes to `to` only where their role in the job's team allows it; the rest stays as it is.
    """

    def running(self, person: User | None, team: Team | None) -> Sequence[Running]: ...

    def end(self, person: User | None, team: Team | None, *, by: User | None) -> int: ...

    def hand_over(self, person: User, team: Team | None, *, to: User) -> int: ...


_registered: list[Work] = []


def register_work(work: Work) -> None:
    if work not in _registered:
        _registered.append(work)


def running_of(person: User | None, team: Team | None = None) -> list[Running]:
    return [each for work in _registered for each in work.running(person, team)]


def end_work(person: User | None, team: Team | None = None, *, by: User | None) -> int:
    """How many were ended."""
    return sum(work.end(person, team, by=by) for work in _registered)


def hand_over_work(person: User, team: Team | None = None, *, to: User) -> int:
    """How many were handed over."""
    return sum(work.hand_over(person, team, to=to) for work in _registered)


@dataclass(frozen=True, slots=True)
class Settled:
    """How many jobs were ended, and how many handed over."""

    ended: int = 0
    handed_over: int = 0

    @property
    def words(self) -> list[str]:
        """Sentences about what there was."""
        ended = ngettext(
            "%(count)d job of theirs was ended.", "%(count)d jobs of theirs were ended.", self.ended
        )
        passed = ngettext(
            "%(count)d job was handed over.", "%(count)d jobs were handed over.", self.handed_over
        )
        return [
            text % {"count": count}
            for count, text in ((self.ended, ended), (self.handed_over, passed))
            if count
        ]


def settle_work(
    person: User, team: Team | None = None, *, by: User | None, successor: User | None
) -> Settled:
    """Nothing stays in the name of somebody who may not do it any more: what the successor may not do either is ended."""
    handed_over = hand_over_work(person, team, to=successor) if successor is not None else 0
    return Settled(end_work(person, team, by=by), handed_over)
