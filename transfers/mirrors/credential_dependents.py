"""The mirrors that depend on a credential."""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import Q
from django.urls import reverse_lazy
from django.utils.translation import gettext as _

from registry_ui.accounts.audit.log import record
from registry_ui.accounts.models import Action, Team, User
from registry_ui.credentials.dependents import Dependent, stop_error
from registry_ui.credentials.models import Credential
from registry_ui.credentials.sharing import is_from_other_team
from registry_ui.oci.errors import StoredError

from ..credential_dependents import audit_actor
from .models import Mirror, MirrorRun
from .run_queue import MIRROR_RUNS

_NAMES_SHOWN = 3


class MirrorDependents:
    """The mirrors that use a credential.

    `stop` ends their active runs; each later run fails with an error that names the reason.
    """

    def find(self, credential: Credential, team: Team | None) -> Sequence[Dependent]:
        return [_dependent(mirror, credential) for mirror in _mirrors(credential, team)]

    def stop(self, credential: Credential, team: Team | None, *, by: User | None) -> int:
        reason = stop_error(credential, team)
        # A local pull writes to the local images, so it needs the source's credential only.
        uses_credential = Q(is_local_pull=False) | Q(mirror__source_credential=credential)
        runs = (
            MirrorRun.objects.active()
            .filter(uses_credential, mirror__in=_mirrors(credential, team))
            .select_related("team", "mirror")
        )
        return sum(_stop_run(run, reason, credential, by) for run in runs)


def _mirrors(credential: Credential, team: Team | None) -> list[Mirror]:
    rows = Mirror.objects.using_credential(credential).select_related(
        "team", "source_registry", "target_registry"
    )
    return list(rows.filter(team=team) if team else rows)


def _stop_run(run: MirrorRun, reason: StoredError, credential: Credential, by: User | None) -> bool:
    # The state and its entry in the audit log are written together or not at all.
    with transaction.atomic():
        is_stopped = MIRROR_RUNS.cancel(run, reason=reason)
        if is_stopped:
            with audit_actor(run.team, credential, by):
                record(
                    Action.MIRROR_CANCELLED,
                    user=by,
                    obj=run,
                    name=run.mirror.name,
                    error=reason,
                )
    return is_stopped


def _dependent(mirror: Mirror, credential: Credential) -> Dependent:
    # Another team's mirror shows what it does at the credential's registry, and not its name.
    if not is_from_other_team(credential, mirror.team):
        text = _("Mirror “%(name)s”") % {"name": mirror.name}
    elif mirror.source_credential_id == credential.pk:
        text = _("A mirror of %(repositories)s") % {
            "repositories": ", ".join(mirror.repositories[:_NAMES_SHOWN])
        }
    else:
        text = _("A mirror to %(host)s") % {"host": mirror.target_host}

    run_states = mirror.runs.active().order_by("created_at").values_list("state", flat=True)
    state = run_states.first() or ("paused" if mirror.paused else "waiting")
    url = reverse_lazy("mirrors:detail", args=[mirror.pk])
    return Dependent(text, url, state, mirror.team)
