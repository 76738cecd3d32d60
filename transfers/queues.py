"""Transfers as a kind of background jobs."""

from django.urls import reverse

from registry_ui.accounts.models import Action, User
from registry_ui.jobs.kinds import JobKind
from registry_ui.oci.errors import StoredError
from registry_ui.oci.reference import Reference

from .audit_entries import record_end, record_transfer
from .models import Transfer
from .presenter import TransferPresenter


def _describe(transfer: Transfer) -> str:
    return f"{TransferPresenter(transfer).verb} {Reference.parse(transfer.target).familiar}"


def _record_ended(transfer: Transfer, by: User | None, reason: StoredError) -> None:
    record_transfer(Action.TRANSFER_CANCELLED, transfer, user=by, error=reason)


def _record_handed_over(transfer: Transfer, person: User, to: User) -> None:
    record_transfer(
        Action.TRANSFER_HANDED_OVER,
        transfer,
        user=None,
        was=person.get_username(),
        to=to.get_username(),
    )


TRANSFERS = JobKind(
    name="transfers",
    model=Transfer,
    run_class="transfers.runner.TransferJobRun",
    describe=_describe,
    url=lambda transfer: reverse("transfers:detail", args=[transfer.pk]),
    required_role=lambda transfer: transfer.required_role,
    on_finished=record_end,
    record_ended=_record_ended,
    record_handed_over=_record_handed_over,
)
