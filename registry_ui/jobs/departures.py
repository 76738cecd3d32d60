"""What people have waiting and running of one kind of jobs: shown, ended or handed over when they leave. See accounts.departures."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from registry_ui.accounts.departures import Running
from registry_ui.accounts.models import Action, Role, Team, User
from registry_ui.accounts.trail import record

from .models import ACTIVE_STATES, JobQuerySet
from .queueing import JobQueue


@dataclass(frozen=True, slots=True)
class JobWork:
    """Satisfies `accounts.departures.Work`.

    Args:
        words: what a job does, for a person to decide about.
        url: of the page that shows it.
        wanted_role: whoever takes a job over has at least this role in its team.
        ended, handed_over: what the trail says of each job; None where it says nothing of this kind.
    """

    queue: JobQueue
    words: Callable[[Any], str]
    url: Callable[[Any], str]
    wanted_role: Callable[[Any], Role]
    ended: Action | None = None
    handed_over: Action | None = None

    def running(self, person: User | None, team: Team | None) -> list[Running]:
        return [Running(self.words(job), self.url(job), job.state) for job in self._active(person, team)]

    def end(self, person: User | None, team: Team | None, *, by: User | None) -> int:
        jobs = list(self._active(person, team))
        for job in jobs:
            self.queue.cancel(job)
            if self.ended is not None:
                record(self.ended, user=by, obj=job)
        return len(jobs)

    def hand_over(self, person: User, team: Team | None, *, to: User) -> int:
        return sum(self._pass_on(job, person, to) for job in self._active(person, team))

    def _pass_on(self, job: Any, person: User, to: User) -> int:
        role = to.role_in(job.team)
        if role is None or not role.allows(self.wanted_role(job)):
            return 0
        rows = self.queue.model._default_manager.filter(pk=job.pk, user=person, state__in=ACTIVE_STATES)
        changed = rows.update(user=to, requested_by=to.get_username())
        if changed and self.handed_over is not None:
            record(self.handed_over, obj=job, was=person.get_username(), to=to.get_username())
        return changed

    def _active(self, person: User | None, team: Team | None) -> JobQuerySet:
        jobs = self.queue.model.objects.active().select_related("team").order_by("created_at")
        if person is not None:
            jobs = jobs.filter(user=person)
        return jobs if team is None else jobs.filter(team=team)
