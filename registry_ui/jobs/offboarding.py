"""Active jobs of people who leave a team: listed, cancelled or handed over."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from registry_ui.accounts.models import Role, Team, User
from registry_ui.accounts.offboarding import ActiveJob

from .models import ACTIVE_STATES, JobQuerySet
from .queues import JobQueue


@dataclass(frozen=True, slots=True)
class JobOffboarding:
    """One kind of jobs for `accounts.offboarding`.

    Args:
        describe: returns what a job does, for a person to decide about.
        url: returns the address of the job's page.
        required_role: returns the role that a new owner needs in the job's team.
        record_ended: writes the audit event; called with the job, the user and the reason.
        record_handed_over: writes the audit event; called with the job, the old and new owner.
    """

    queue: JobQueue
    describe: Callable[[Any], str]
    url: Callable[[Any], str]
    required_role: Callable[[Any], Role]
    record_ended: Callable[[Any, User | None, str], None] | None = None
    record_handed_over: Callable[[Any, User, User], None] | None = None

    def running(self, person: User | None, team: Team | None) -> list[ActiveJob]:
        return [
            ActiveJob(self.describe(job), self.url(job), job.state)
            for job in self._active(person, team)
        ]

    def cancel(self, person: User | None, team: Team | None, *, by: User | None) -> int:
        return sum(self._cancel(job, person, by) for job in list(self._active(person, team)))

    def hand_over(self, person: User, team: Team | None, *, to: User) -> int:
        return sum(self._hand_over(job, person, to) for job in list(self._active(person, team)))

    def _cancel(self, job: Any, person: User | None, by: User | None) -> int:
        reason = _cancellation_error(job, person)
        ended = self.queue.cancel(job, reason=reason)
        if ended and self.record_ended is not None:
            self.record_ended(job, by, reason["message"])
        return int(ended)

    def _hand_over(self, job: Any, person: User, to: User) -> int:
        role = to.role_in(job.team)
        # The new owner may have no rights in the team of this job; it stays as it is.
        if role is None or not role.allows(self.required_role(job)):
            return 0
        # The job may have ended, or been handed over, since it was listed.
        rows = self.queue.model._default_manager.filter(
            pk=job.pk, user=person, state__in=ACTIVE_STATES
        )
        changed = rows.update(user=to, requested_by=to.get_username())
        if changed and self.record_handed_over is not None:
            self.record_handed_over(job, person, to)
        return changed

    def _active(self, person: User | None, team: Team | None) -> JobQuerySet:
        jobs = self.queue.model.objects.active().select_related("team").order_by("created_at")
        if person is not None:
            jobs = jobs.filter(user=person)
        return jobs if team is None else jobs.filter(team=team)


def _cancellation_error(job: Any, person: User | None) -> dict[str, str]:
    """Return the error of the job's row."""
    if person is None:
        message = _("The team %(team)s is about to be removed.") % {"team": job.team.name}
    else:
        message = _("%(person)s may no longer do this in the team %(team)s.") % {
            "person": person.get_username(),
            "team": job.team.name,
        }
    return {
        "kind": "AccessRevoked",
        "message": message,
        "advice": _("Somebody else of the team can start it again."),
    }
