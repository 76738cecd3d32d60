"""What people have waiting and running of one kind of jobs: shown, ended or handed over when they leave. See accounts.departures."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from registry_ui.accounts.departures import Running
from registry_ui.accounts.models import Role, Team, User

from .models import ACTIVE_STATES, JobQuerySet
from .queueing import JobQueue


@dataclass(frozen=True, slots=True)
class JobWork:
    """Satisfies `accounts.departures.Work`.

    Args:
        words: what a job does, for a person to decide about.
        url: of the page that shows it.
        wanted_role: whoever takes a job over has at least this role in its team.
        tell_ended, tell_handed_over: write it into the trail; called with the job, who did it, and why or to whom.
    """

    queue: JobQueue
    words: Callable[[Any], str]
    url: Callable[[Any], str]
    wanted_role: Callable[[Any], Role]
    tell_ended: Callable[[Any, User | None, str], None] | None = None
    tell_handed_over: Callable[[Any, User, User], None] | None = None

    def running(self, person: User | None, team: Team | None) -> list[Running]:
        return [
            Running(self.words(job), self.url(job), job.state) for job in self._active(person, team)
        ]

    def end(self, person: User | None, team: Team | None, *, by: User | None) -> int:
        return sum(self._end(job, person, by) for job in list(self._active(person, team)))

    def hand_over(self, person: User, team: Team | None, *, to: User) -> int:
        return sum(self._pass_on(job, person, to) for job in list(self._active(person, team)))

    def _end(self, job: Any, person: User | None, by: User | None) -> int:
        reason = _why_ended(job, person)
        ended = self.queue.cancel(job, reason=reason)
        if ended and self.tell_ended is not None:
            self.tell_ended(job, by, reason["message"])
        return int(ended)

    def _pass_on(self, job: Any, person: User, to: User) -> int:
        role = to.role_in(job.team)
        if role is None or not role.allows(self.wanted_role(job)):
            return 0
        rows = self.queue.model._default_manager.filter(
            pk=job.pk, user=person, state__in=ACTIVE_STATES
        )
        changed = rows.update(user=to, requested_by=to.get_username())
        if changed and self.tell_handed_over is not None:
            self.tell_handed_over(job, person, to)
        return changed

    def _active(self, person: User | None, team: Team | None) -> JobQuerySet:
        jobs = self.queue.model.objects.active().select_related("team").order_by("created_at")
        if person is not None:
            jobs = jobs.filter(user=person)
        return jobs if team is None else jobs.filter(team=team)


def _why_ended(job: Any, person: User | None) -> dict[str, str]:
    """The row's error."""
    if person is None:
        message = _("The team %(team)s is about to be removed.") % {"team": job.team.name}
    else:
        message = _("%(person)s may no longer do this in the team %(team)s.") % {
            "person": person.get_username(),
            "team": job.team.name,
        }
    return {
        "kind": "PersonGone",
        "message": message,
        "advice": _("Somebody else of the team can start it again."),
    }
