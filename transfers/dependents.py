"""Transfers and mirrors that need a credential: what they are called to those who may stop them, and how they are stopped."""

import contextlib
from collections.abc import Sequence

from django.db import transaction
from django.db.models import Q
from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext as _

from registry_ui.accounts.models import Action, Team, User
from registry_ui.accounts.trail import record
from registry_ui.oci.reference import Reference
from registry_ui.registries.dependents import Dependent, why_stopped
from registry_ui.registries.lending import is_lent
from registry_ui.registries.models import Credential
from registry_ui.registries.using import as_others_see

from .mirrors.queueing import MIRROR_RUNS
from .models import Mirror, MirrorRun, Transfer
from .queueing import TRANSFERS
from .situation import Situation
from .trail import record_transfer

_NAMES_SHOWN = 3


class TransferDependents:
    def of(self, credential: Credential, team: Team | None) -> Sequence[Dependent]:
        return [_dependent(transfer, credential) for transfer in _active(credential, team)]

    def stop(self, credential: Credential, team: Team | None, *, by: User | None) -> int:
        reason = why_stopped(credential, team)
        return sum(
            _stop(transfer, reason, credential, by) for transfer in _active(credential, team)
        )


def _stop(
    transfer: Transfer, reason: dict[str, str], credential: Credential, by: User | None
) -> bool:
    with transaction.atomic():
        is_stopped = TRANSFERS.cancel(transfer, reason=reason)
        if is_stopped:
            with _in_trail_of(transfer.team, credential, by):
                record_transfer(
                    Action.TRANSFER_CANCELLED, transfer, user=by, error=reason["message"]
                )
    return is_stopped


def _in_trail_of(
    team: Team, credential: Credential, by: User | None
) -> contextlib.AbstractContextManager[None]:
    """The team's own, which need not be that of whoever stops its work."""
    return as_others_see(by) if is_lent(credential, team) else contextlib.nullcontext()


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
    """By the end that the credential is for: the other one may be a registry that is none of the owner's affair."""
    end = transfer.source if transfer.source_credential_id == credential.pk else transfer.target
    words = {
        "act": Situation(transfer).verb,
        "name": Reference.parse(end).familiar,
        "person": transfer.requested_by or _("command line"),
    }
    url = reverse("transfers:detail", args=[transfer.pk])
    return Dependent(
        _("%(act)s %(name)s, for %(person)s") % words, url, transfer.state, transfer.team
    )


class MirrorDependents:
    """The rules, of which each later run fails and says why; what of them is at work now is stopped."""

    def of(self, credential: Credential, team: Team | None) -> Sequence[Dependent]:
        return [_rule(mirror, credential) for mirror in _mirrors(credential, team)]

    def stop(self, credential: Credential, team: Team | None, *, by: User | None) -> int:
        reason = why_stopped(credential, team)
        needing = Q(is_staging=False) | Q(mirror__source_credential=credential)
        runs = (
            MirrorRun.objects.active()
            .filter(needing, mirror__in=_mirrors(credential, team))
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
    with transaction.atomic():
        is_stopped = MIRROR_RUNS.cancel(run, reason=reason)
        if is_stopped:
            with _in_trail_of(run.team, credential, by):
                record(
                    Action.MIRROR_CANCELLED,
                    user=by,
                    obj=run,
                    name=run.mirror.name,
                    error=reason["message"],
                )
    return is_stopped


def _rule(mirror: Mirror, credential: Credential) -> Dependent:
    """Another team's is called by what it takes or brings at the credential's registry, and not by its name."""
    if not is_lent(credential, mirror.team):
        words = _("Mirror “%(name)s”") % {"name": mirror.name}
    elif mirror.source_credential_id == credential.pk:
        words = _("A mirror of %(repositories)s") % {
            "repositories": ", ".join(mirror.repositories[:_NAMES_SHOWN])
        }
    else:
        words = _("A mirror to %(host)s") % {"host": mirror.target_host}
    active = mirror.runs.active().order_by("created_at").values_list("state", flat=True).first()
    url = reverse_lazy("mirrors:detail", args=[mirror.pk])
    return Dependent(words, url, active or ("paused" if mirror.paused else "waiting"), mirror.team)
