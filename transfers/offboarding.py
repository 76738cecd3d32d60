"""Offboarding of transfers, and their part of a team's deletion summary."""

from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import ngettext

from registry_ui.accounts.models import Action, Team, User
from registry_ui.jobs.offboarding import JobOffboarding
from registry_ui.oci.reference import Reference

from .audit_entries import record_transfer
from .models import Transfer
from .presenter import TransferPresenter
from .queues import TRANSFERS


def _describe_transfer(transfer: Transfer) -> str:
    return f"{TransferPresenter(transfer).verb} {Reference.parse(transfer.target).familiar}"


def _transfer_url(transfer: Transfer) -> str:
    return reverse("transfers:detail", args=[transfer.pk])


def _record_transfer_ended(transfer: Transfer, by: User | None, reason: str) -> None:
    record_transfer(Action.TRANSFER_CANCELLED, transfer, user=by, error=reason)


def _record_transfer_handed_over(transfer: Transfer, person: User, to: User) -> None:
    record_transfer(
        Action.TRANSFER_HANDED_OVER,
        transfer,
        user=None,
        was=person.get_username(),
        to=to.get_username(),
    )


TRANSFER_OFFBOARDING = JobOffboarding(
    TRANSFERS,
    describe=_describe_transfer,
    url=_transfer_url,
    required_role=lambda transfer: transfer.required_role,
    record_ended=_record_transfer_ended,
    record_handed_over=_record_transfer_handed_over,
)


def transfer_deletion_summary(team: Team) -> Sequence[str]:
    count = Transfer.objects.filter(team=team).count()
    if not count:
        return []
    text = ngettext("the record of %(count)d transfer", "the record of %(count)d transfers", count)
    return [text % {"count": count}]
