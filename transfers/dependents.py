"""Transfers that wait or run with a credential: what they are called to those who may stop them, and how they are stopped."""

import contextlib
from collections.abc import Sequence

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from registry_ui.accounts.models import Action, Team, User
from registry_ui.oci.reference import Reference
from registry_ui.registries.dependents import Dependent, why_stopped
from registry_ui.registries.lending import is_lent
from registry_ui.registries.models import Credential
from registry_ui.registries.using import as_others_see

from .models import Transfer
from .queueing import TRANSFERS
from .situation import Situation
from .trail import record_transfer


class TransferDependents:
    def of(self, credential: Credential, team: Team | None) -> Sequence[Dependent]:
        return [_dependent(transfer, credential) for transfer in _active(credential, team)]

    def stop(self, credential: Credential, team: Team | None, *, by: User | None) -> int:
        reason = why_stopped(credential, team)
        return sum(_stop(transfer, reason, credential, by) for transfer in _active(credential, team))


def _stop(transfer: Transfer, reason: dict[str, str], credential: Credential, by: User | None) -> bool:
    with transaction.atomic():
        is_stopped = TRANSFERS.cancel(transfer, reason=reason)
        if is_stopped:
            # In its team's trail, which need not be that of whoever stops it.
            with as_others_see(by) if is_lent(credential, transfer.team) else contextlib.nullcontext():
                record_transfer(Action.TRANSFER_CANCELLED, transfer, user=by, error=reason["message"])
    return is_stopped


def _active(credential: Credential, team: Team | None) -> list[Transfer]:
    rows = Transfer.objects.active().filter(Q(source_credential=credential) | Q(target_credential=credential))
    rows = rows.filter(team=team) if team else rows
    return list(
        rows.select_related("team", "source_credential", "target_credential", "source_registry", "target_registry")
        .defer("progress")
        .order_by("created_at")
    )


def _dependent(transfer: Transfer, credential: Credential) -> Dependent:
    """By the end that the credential is for: the other one may be a registry that is none of the owner's affair."""
    end = transfer.source if transfer.source_credential_id == credential.pk else transfer.target
    words = {"act": Situation(transfer).verb, "name": Reference.parse(end).familiar, "person": transfer.requested_by or _("command line")}
    url = reverse("transfers:detail", args=[transfer.pk])
    return Dependent(_("%(act)s %(name)s, for %(person)s") % words, url, transfer.state, transfer.team)
