"""The transfers and mirrors that depend on a credential."""

import contextlib
from collections.abc import Sequence

from django.db import transaction
from django.db.models import Q
from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext as _

from registry_ui.accounts.models import Action, Team, User
from registry_ui.accounts.trail import record
from registry_ui.oci.reference import Reference
from registry_ui.registries.dependents import Dependent, stop_error
from registry_ui.registries.lending import is_from_other_team
from registry_ui.registries.models import Credential
from registry_ui.registries.using import acting_by_name_only

from .mirrors.queueing import MIRROR_RUNS
from .models import Mirror, MirrorRun, Transfer
from .queueing import TRANSFERS
from .situation import TransferPresenter
from .trail import record_transfer

_NAMES_SHOWN = 3


class TransferDependents:
    """The queued and running transfers that use a credential."""

    def find(self, credential: Credential, team: Team | None) -> Sequence[Dependent]:
        return [_dependent(transfer, credential) for transfer in _active(credential, team)]

    def stop(self, credential: Credential, team: Team | None, *, by: User | None) -> int:
        reason = stop_error(credential, team)
        return sum(
            _stop(transfer, reason, credential, by) for transfer in _active(credential, team)
        )


def _stop(
    transfer: Transfer, reason: dict[str, str], credential: Credential, by: User | None
) -> bool:
    # The state and its entry in the audit log are written together or not at all.
    with transaction.atomic():
        is_stopped = TRANSFERS.cancel(transfer, reason=reason)
        if is_stopped:
            with _acting_for(transfer.team, credential, by):
                record_transfer(
                    Action.TRANSFER_CANCELLED, transfer, user=by, error=reason["message"]
                )
    return is_stopped


def _acting_for(
    team: Team, credential: Credential, by: User | None
) -> contextlib.AbstractContextManager[None]:
    """Return a context in which the team's audit log names the actor as that team may see them."""
    return (
        acting_by_name_only(by)
        if is_from_other_team(credential, team)
        else contextlib.nullcontext()
    )


def _active(credential: Credential, team: Team | None) -> list[Transfer]:
    rows = Transfer.objects.active().filter(
        Q(source_credential=credential) | Q(target_credential=credential)
    )
    rows = rows.filter(team=team) if team else rows
    return list(
        rows.select_related(
            "team", "source_credential", "target_credential", "source_registry", "target_registry"
        )
        .defer("progress")
        .order_by("created_at")
    )


def _dependent(transfer: Transfer, credential: Credential) -> Dependent:
    # Only the endpoint that the credential is for: its owner must not learn of the other registry.
    is_source = transfer.source_credential_id == credential.pk
    endpoint = transfer.source if is_source else transfer.target
    parameters = {
        "act": TransferPresenter(transfer).verb,
        "name": Reference.parse(endpoint).familiar,
        "person": transfer.requested_by or _("command line"),
    }
    url = reverse("transfers:detail", args=[transfer.pk])
    text = _("%(act)s %(name)s, for %(person)s") % parameters
    return Dependent(text, url, transfer.state, transfer.team)


class MirrorDependents:
    """The mirrors that use a credential.

    `stop` ends their active runs; each later run fails with an error that names the reason.
    """

    def find(self, credential: Credential, team: Team | None) -> Sequence[Dependent]:
        return [_rule(mirror, credential) for mirror in _mirrors(credential, team)]

    def stop(self, credential: Credential, team: Team | None, *, by: User | None) -> int:
        reason = stop_error(credential, team)
        # A staging run writes to the local images, so it needs the source's credential only.
        uses_credential = Q(is_staging=False) | Q(mirror__source_credential=credential)
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


def _stop_run(
    run: MirrorRun, reason: dict[str, str], credential: Credential, by: User | None
) -> bool:
    # The state and its entry in the audit log are written together or not at all.
    with transaction.atomic():
        is_stopped = MIRROR_RUNS.cancel(run, reason=reason)
        if is_stopped:
            with _acting_for(run.team, credential, by):
                record(
                    Action.MIRROR_CANCELLED,
                    user=by,
                    obj=run,
                    name=run.mirror.name,
                    error=reason["message"],
                )
    return is_stopped


def _rule(mirror: Mirror, credential: Credential) -> Dependent:
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
