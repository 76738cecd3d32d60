"""Index runs that use a credential of another team: revoking the credential cancels them."""

from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext as _

from registry_ui.accounts.models import Team, User
from registry_ui.credentials.dependents import Dependent, stop_error
from registry_ui.credentials.models import Credential
from registry_ui.jobs.models import State

from ..index_queue import INDEX_RUNS
from ..models import IndexRun


class SharedIndexRuns:
    """Running index runs of the teams that a credential is shared with.

    A queued run is not among them: it selects its credential when it starts.
    """

    def find(self, credential: Credential, team: Team | None) -> Sequence[Dependent]:
        return [_dependent(run) for run in _running(credential, team)]

    def stop(self, credential: Credential, team: Team | None, *, by: User | None) -> int:
        return sum(
            INDEX_RUNS.cancel(run, reason=stop_error(credential, run.team))
            for run in _running(credential, team)
        )


def _running(credential: Credential, team: Team | None) -> list[IndexRun]:
    # By host, not by the registry's row: the other team has a row of its own for the same registry.
    runs = IndexRun.objects.filter(
        state=State.RUNNING, registry__host=credential.registry.host
    ).exclude(team=credential.team)
    # Expired and revoked grants too: this is called after a grant has been revoked.
    grants = credential.grants.filter(team=team) if team else credential.grants.all()

    return list(runs.filter(team__in=grants.values("team")).select_related("team", "registry"))


def _dependent(run: IndexRun) -> Dependent:
    label = _("Look at what %(host)s has") % {"host": run.registry.host}
    return Dependent(
        label, reverse("registries:repositories", args=[run.registry_id]), run.state, run.team
    )
