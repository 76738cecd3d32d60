"""Looks at a registry that go on with a credential of another team: they end when it is taken back."""

from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext as _

from registry_ui.accounts.models import Team, User
from registry_ui.jobs.models import State

from ..dependents import Dependent, why_stopped
from ..models import Credential, IndexRun
from ..queueing import INDEX_RUNS


class BorrowedLooks:
    """Only those that run: one that waits begins with what the team may use by then."""

    def of(self, credential: Credential, team: Team | None) -> Sequence[Dependent]:
        return [_dependent(run) for run in _running(credential, team)]

    def stop(self, credential: Credential, team: Team | None, *, by: User | None) -> int:
        return sum(
            INDEX_RUNS.cancel(run, reason=why_stopped(credential, run.team))
            for run in _running(credential, team)
        )


def _running(credential: Credential, team: Team | None) -> list[IndexRun]:
    runs = IndexRun.objects.filter(
        state=State.RUNNING, registry__host=credential.registry.host
    ).exclude(team=credential.team)
    borrowers = credential.grants.filter(team=team) if team else credential.grants.all()
    return list(runs.filter(team__in=borrowers.values("team")).select_related("team", "registry"))


def _dependent(run: IndexRun) -> Dependent:
    words = _("Look at what %(host)s has") % {"host": run.registry.host}
    return Dependent(
        words, reverse("registries:repositories", args=[run.registry_id]), run.state, run.team
    )
