"""The services on an existing transfer: cancel, retry and run in this process."""

from django.db import transaction

from registry_ui.accounts.models import Action, Role, User
from registry_ui.accounts.permissions import check_role
from registry_ui.jobs import runner
from registry_ui.oci.errors import InvalidReference

from ..audit_entries import record_transfer
from ..models import Kind, State, Transfer
from ..queues import TRANSFERS
from .rows import create_transfer

# The columns that a retry copies from the original row.
_COPIED_FIELDS = (
    "team",
    "kind",
    "source",
    "target",
    "source_is_local",
    "target_is_local",
    "source_registry",
    "target_registry",
    "source_credential",
    "target_credential",
    "needs_source_credential",
    "needs_target_credential",
    "engine",
    "platform",
    "plain_http",
    "options",
)


def cancel(transfer: Transfer, user: User | None) -> None:
    """Cancel a transfer: at once while it is queued, within two seconds while it runs.

    A transfer that has ended is not changed.

    Raises:
        PermissionDenied
    """
    check_role(transfer.team, user, Role.OPERATOR)
    # The state and its entry in the audit log are written together or not at all.
    with transaction.atomic():
        if TRANSFERS.cancel(transfer):
            record_transfer(Action.TRANSFER_CANCELLED, transfer, user=user)


def retry(transfer: Transfer, user: User | None, *, enqueue: bool = True) -> Transfer:
    """Start an ended transfer again as a new row, which skips the blobs that the target has.

    Raises:
        OciError, PermissionDenied
    """
    check_role(transfer.team, user, transfer.required_role)
    if not transfer.is_terminal:
        raise InvalidReference("transfer_not_ended")
    # Somebody may have cancelled a deletion because it was a mistake.
    if transfer.kind == Kind.DELETE and transfer.state != State.FAILED:
        raise InvalidReference("deletion_not_retried")

    # The credentials are copied, so a retry never logs in as somebody else.
    copied = {name: getattr(transfer, name) for name in _COPIED_FIELDS}
    return create_transfer(
        Transfer(user=user, retry_of=transfer, **copied),
        enqueue=enqueue,
        role=transfer.required_role,
    )


def run_in_process(transfer: Transfer) -> Transfer:
    """Run a queued transfer in this process to its end, and return its row."""
    return runner.run_in_process(TRANSFERS, transfer)
