"""Active jobs of people who leave a team: listed, cancelled or handed over."""

from typing import Any

from registry_ui.accounts.models import Team, User
from registry_ui.accounts.offboarding import ActiveJob
from registry_ui.accounts.permissions import allows
from registry_ui.oci.errors import StoredError

from .kinds import JOB_KINDS, JobKind
from .models import ACTIVE_STATES, JobQuerySet


class JobOffboarding:
    """The jobs of all kinds, for `accounts.offboarding`."""

    def running(self, person: User | None, team: Team | None) -> list[ActiveJob]:
        return [
            ActiveJob(kind.describe(job), kind.url(job), job.state)
            for kind in JOB_KINDS
            for job in _active(kind, person, team)
        ]

    def cancel(self, person: User | None, team: Team | None, *, by: User | None) -> int:
        return sum(
            _cancel(kind, job, person, by)
            for kind in JOB_KINDS
            for job in list(_active(kind, person, team))
        )

    def hand_over(self, person: User, team: Team | None, *, to: User) -> int:
        return sum(
            _hand_over(kind, job, person, to)
            for kind in JOB_KINDS
            for job in list(_active(kind, person, team))
        )


def _cancel(kind: JobKind[Any], job: Any, person: User | None, by: User | None) -> int:
    reason = _cancellation_error(job, person)
    ended = kind.cancel(job, reason=reason)
    if ended:
        kind.record_ended(job, by, reason)
    return int(ended)


def _hand_over(kind: JobKind[Any], job: Any, person: User, to: User) -> int:
    role = to.role_in(job.team)
    # The new owner may have no rights in the team of this job; it stays as it is.
    if not allows(role, kind.required_role(job)):
        return 0

    # The job may have ended, or been handed over, since it was listed.
    rows = kind.model._default_manager.filter(pk=job.pk, user=person, state__in=ACTIVE_STATES)
    changed: int = rows.update(user=to, requested_by=to.get_username())
    if changed:
        kind.record_handed_over(job, person, to)
    return changed


def _active(kind: JobKind[Any], person: User | None, team: Team | None) -> JobQuerySet[Any]:
    jobs: JobQuerySet[Any] = kind.model.objects.active()
    jobs = jobs.select_related("team").order_by("created_at")
    if person is not None:
        jobs = jobs.filter(user=person)
    return jobs if team is None else jobs.filter(team=team)


def _cancellation_error(job: Any, person: User | None) -> StoredError:
    """Return the error of the job's row."""
    if person is None:
        code, parameters = "team_removed", {"team": job.team.name}
    else:
        code = "access_revoked"
        parameters = {"person": person.get_username(), "team": job.team.name}
    return {"kind": "AccessRevoked", "code": code, "parameters": parameters}
