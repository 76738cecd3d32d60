"""Transfers that wait or run with a credential: what they are called to those who may stop them, and how they are stopped."""

from collections.abc import Sequence

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from registry_ui.accounts.models import Team, User
from registry_ui.oci.reference import Reference
from registry_ui.registries.dependents import Dependent, why_stopped
from registry_ui.registries.models import Credential

from .models import Transfer
from .queueing import TRANSFERS
from .situation import Situation


class TransferDependents:
    def of(self, credential: Credential, team: Team | None) -> Sequence[Dependent]:
        return [_dependent(transfer, credential) for transfer in _active(credential, team)]

    def stop(self, credential: Credential, team: Team | None, *, by: User | None) -> int:
        return sum(TRANSFERS.cancel(transfer, reason=why_stopped(credential, team)) for transfer in _active(credential, team))


def _active(credential: Credential, team: Team | None) -> list[Transfer]:
    rows = Transfer.objects.active().filter(Q(source_credential=credential) | Q(target_credential=credential))
    rows = rows.filter(team=team) if team else rows
    return list(rows.select_related("team").defer("progress").order_by("created_at"))


def _dependent(transfer: Transfer, credential: Credential) -> Dependent:
    """By the end that the credential is for: the other one may be a registry that is none of the owner's affair."""
    end = transfer.source if transfer.source_credential_id == credential.pk else transfer.target
    words = {"act": Situation(transfer).verb, "name": Reference.parse(end).familiar, "person": transfer.requested_by or _("command line")}
    url = reverse("transfers:detail", args=[transfer.pk])
    return Dependent(_("%(act)s %(name)s, for %(person)s") % words, url, transfer.state, transfer.team)
