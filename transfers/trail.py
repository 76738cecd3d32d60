"""What the trail is told of transfers."""

from typing import Any

from registry_ui.accounts.models import Action, Outcome, User
from registry_ui.accounts.trail import acting, record
from registry_ui.oci.reference import Reference

from .models import State, Transfer

_ENDS = {
    State.SUCCEEDED: (Action.TRANSFER_SUCCEEDED, Outcome.DONE),
    State.FAILED: (Action.TRANSFER_FAILED, Outcome.FAILED),
}


def record_transfer(
    action: Action,
    transfer: Transfer,
    *,
    user: User | None,
    outcome: Outcome = Outcome.DONE,
    **more: Any,
) -> None:
    """With the credential that it writes with, else the one that it reads with; the other one is named in the details."""
    reading, writing = transfer.source_credential, transfer.target_credential
    read_with = str(reading) if reading and writing and reading != writing else None
    registry = transfer.target_registry or transfer.source_registry
    record(
        action,
        user=user,
        obj=transfer,
        name=_familiar(transfer.target),
        credential=writing or reading,
        outcome=outcome,
        kind=transfer.kind,
        source=_familiar(transfer.source) if transfer.source != transfer.target else None,
        registry=registry.name if registry else None,
        read_with=read_with,
        **more,
    )


def record_end(seen: Transfer) -> None:
    """Of a row that has just ended, as it is now: the one that a run holds is older."""
    ends = Transfer.objects.select_related(
        "team",
        "user",
        "source_credential",
        "target_credential",
        "source_registry",
        "target_registry",
    )
    transfer = ends.get(pk=seen.pk)
    if transfer.state not in _ENDS:
        return
    action, outcome = _ENDS[State(transfer.state)]
    more: dict[str, Any] = {"bytes": transfer.bytes_done} if transfer.bytes_done else {}
    if transfer.digest:
        more["digest"] = transfer.digest
    if transfer.error:
        more["error"] = str(transfer.error.get("message", ""))
    with acting(transfer.origin):
        record_transfer(action, transfer, user=None, outcome=outcome, **more)


def _familiar(name: str) -> str:
    return Reference.parse(name).familiar
