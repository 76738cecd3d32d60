"""The audit log's entries about transfers."""

from typing import Any

from registry_ui.accounts.audit.log import acting_as, record
from registry_ui.accounts.models import Action, Outcome, User
from registry_ui.oci.reference import Reference

from .models import State, Transfer

_ACTIONS = {
    State.SUCCEEDED: (Action.TRANSFER_SUCCEEDED, Outcome.DONE),
    State.FAILED: (Action.TRANSFER_FAILED, Outcome.FAILED),
}


def record_transfer(
    action: Action,
    transfer: Transfer,
    *,
    user: User | None,
    outcome: Outcome = Outcome.DONE,
    **details: Any,
) -> None:
    """Record an action on a transfer, with the target's credential or else the source's.

    Where there are two, the details name the source's.
    """
    source, target = transfer.source_credential, transfer.target_credential
    has_two = source and target and source != target
    read_with = str(source) if has_two else None
    # The registry that the action changes, or else reads.
    registry = transfer.target_registry or transfer.source_registry
    record(
        action,
        user=user,
        obj=transfer,
        name=_familiar(transfer.target),
        credential=target or source,
        outcome=outcome,
        kind=transfer.kind,
        source=_familiar(transfer.source) if transfer.source != transfer.target else None,
        registry=registry.name if registry else None,
        read_with=read_with,
        **details,
    )


def record_end(transfer: Transfer) -> None:
    """Record that a transfer has succeeded or failed.

    Who cancels a transfer records that, with the person.
    """
    rows = Transfer.objects.select_related(
        "team",
        "user",
        "source_credential",
        "target_credential",
        "source_registry",
        "target_registry",
    )
    # The end state was written by an UPDATE, so the worker's object does not have it.
    row = rows.get(pk=transfer.pk)
    if row.state not in _ACTIONS:
        return

    action, outcome = _ACTIONS[State(row.state)]
    details: dict[str, Any] = {"bytes": row.bytes_done} if row.bytes_done else {}
    if row.digest:
        details["digest"] = row.digest
    if row.error:
        details["error"] = row.error
    with acting_as(row.origin):
        record_transfer(action, row, user=None, outcome=outcome, **details)


def _familiar(name: str) -> str:
    return Reference.parse(name).familiar
