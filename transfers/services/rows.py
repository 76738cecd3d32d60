"""The creation of transfer rows, and the checks that all services share."""

from collections.abc import Sequence
from functools import partial

from django.db import transaction

from registry_ui.accounts.models import Action, Role
from registry_ui.accounts.permissions import check_role
from registry_ui.oci.errors import InvalidReference
from registry_ui.oci.reference import Reference

from ..audit_entries import record_transfer
from ..models import Transfer
from ..queues import TRANSFERS


def create_transfers(
    transfers: Sequence[Transfer], *, enqueue: bool, role: Role = Role.OPERATOR
) -> list[Transfer]:
    """Create rows, all or none, and enqueue them after the commit.

    Raises:
        PermissionDenied: the user does not have the role in the team.
    """
    for team, user in {(transfer.team, transfer.user) for transfer in transfers}:
        check_role(team, user, role)

    # The name stays when the account is deleted.
    for transfer in transfers:
        transfer.requested_by = transfer.user.get_username() if transfer.user else ""

    with transaction.atomic():
        rows = Transfer.objects.bulk_create(transfers)
        for row in rows:
            record_transfer(Action.TRANSFER_STARTED, row, user=row.user)
        # Before the commit a worker would not find the row.
        if enqueue:
            for row in rows:
                transaction.on_commit(partial(TRANSFERS.enqueue, row))
    return rows


def create_transfer(transfer: Transfer, *, enqueue: bool, role: Role = Role.OPERATOR) -> Transfer:
    return create_transfers([transfer], enqueue=enqueue, role=role)[0]


def require_tag(target: Reference) -> None:
    # A manifest gets its digest from its content, so a digest cannot be the target.
    if target.digest is not None or target.tag is None:
        raise InvalidReference("new_name_needs_tag", name=target.name)


def single_repository(references: Sequence[Reference]) -> Reference:
    """Return the first of the references, after checking that they are of one repository."""
    if len({reference.name for reference in references}) != 1:
        raise ValueError("These references are not of one repository.")
    return references[0]
