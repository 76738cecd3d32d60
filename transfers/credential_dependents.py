"""The transfers that depend on a credential."""

import contextlib
from collections.abc import Sequence

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from registry_ui.accounts.models import Action, Team, User
from registry_ui.credentials.dependents import Dependent, stop_error
from registry_ui.credentials.models import Credential
from registry_ui.credentials.sharing import is_from_other_team
from registry_ui.credentials.usage import recording_by_name_only
from registry_ui.oci.errors import StoredError
from registry_ui.oci.reference import Reference

from .audit_entries import record_transfer
from .models import Transfer
from .presenter import TransferPresenter
from .queues import TRANSFERS


class TransferDependents:
    """The queued and running transfers that use a credential."""

    def find(self, credential: Credential, team: Team | None) -> Sequence[Dependent]:
        return [_dependent(transfer, credential) for transfer in _active(credential, team)]

    def stop(self, credential: Credential, team: Team | None, *, by: User | None) -> int:
        reason = stop_error(credential, team)
        return sum(
            _stop(transfer, reason, credential, by) for transfer in _active(credential, team)
        )


def _stop(transfer: Transfer, reason: StoredError, credential: Credential, by: User | None) -> bool:
    # The state and its entry in the audit log are written together or not at all.
    with transaction.atomic():
        is_stopped = TRANSFERS.cancel(transfer, reason=reason)
        if is_stopped:
            with audit_actor(transfer.team, credential, by):
                record_transfer(Action.TRANSFER_CANCELLED, transfer, user=by, error=reason)
    return is_stopped


def audit_actor(
    team: Team, credential: Credential, by: User | None
) -> contextlib.AbstractContextManager[None]:
    """Return a context in which the team's audit log names the actor as that team may see them."""
    return (
        recording_by_name_only(by)
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
        "action": TransferPresenter(transfer).verb,
        "name": Reference.parse(endpoint).familiar,
        "person": transfer.requested_by or _("command line"),
    }
    url = reverse("transfers:detail", args=[transfer.pk])
    text = _("%(action)s %(name)s, for %(person)s") % parameters
    return Dependent(text, url, transfer.state, transfer.team)
