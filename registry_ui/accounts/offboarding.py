"""Active jobs of a person who leaves a team or whose account is deactivated.

Upper apps add how their jobs are listed, cancelled and handed over; this app imports none of
them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from django.utils.translation import ngettext

from registry_ui.web.extension import Extension

from .models import Team, User


@dataclass(frozen=True, slots=True)
class ActiveJob:
    """A queued or running job, as a form shows it."""

    description: str
    url: str
    state: str


class Offboarding(Protocol):
    """The active jobs of one app.

    `team` None stands for all teams, `person` None for all people. A job is handed over only where
    the role of `to` in the job's team allows it.
    """

    def running(self, person: User | None, team: Team | None) -> Sequence[ActiveJob]: ...

    def cancel(self, person: User | None, team: Team | None, *, by: User | None) -> int: ...

    def hand_over(self, person: User, team: Team | None, *, to: User) -> int: ...


OFFBOARDINGS: Extension[Offboarding] = Extension()


def active_jobs_of(person: User | None, team: Team | None = None) -> list[ActiveJob]:
    return [job for kind in OFFBOARDINGS for job in kind.running(person, team)]


def cancel_jobs(person: User | None, team: Team | None = None, *, by: User | None) -> int:
    """Cancel the active jobs and return how many were cancelled."""
    return sum(kind.cancel(person, team, by=by) for kind in OFFBOARDINGS)


def hand_over_jobs(person: User, team: Team | None = None, *, to: User) -> int:
    """Hand the active jobs over and return how many were handed over."""
    return sum(kind.hand_over(person, team, to=to) for kind in OFFBOARDINGS)


@dataclass(frozen=True, slots=True)
class OffboardingResult:
    """The number of jobs that were cancelled, and that were handed over."""

    ended: int = 0
    handed_over: int = 0

    @property
    def sentences(self) -> list[str]:
        """One sentence for each number that is not zero."""
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


def offboard(
    person: User, team: Team | None = None, *, by: User | None, successor: User | None
) -> OffboardingResult:
    """Hand the person's active jobs over to the successor, and cancel the rest.

    No job stays in the name of a person who may no longer start it.
    """
    # In this order: what was handed over is no longer the person's job.
    handed_over = hand_over_jobs(person, team, to=successor) if successor is not None else 0
    return OffboardingResult(cancel_jobs(person, team, by=by), handed_over)
