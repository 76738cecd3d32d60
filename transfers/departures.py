"""Transfers of people who leave, and those of a team that is removed."""

from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import ngettext

from registry_ui.accounts.models import Action, Team, User
from registry_ui.jobs.departures import JobWork
from registry_ui.oci.reference import Reference

from .models import Transfer
from .queueing import TRANSFERS
from .situation import Situation
from .trail import record_transfer


def _words(transfer: Transfer) -> str:
    return f"{Situation(transfer).verb} {Reference.parse(transfer.target).familiar}"


def _url(transfer: Transfer) -> str:
    return reverse("transfers:detail", args=[transfer.pk])


def _tell_ended(transfer: Transfer, by: User | None, why: str) -> None:
    record_transfer(Action.TRANSFER_CANCELLED, transfer, user=by, error=why)


def _tell_handed_over(transfer: Transfer, person: User, to: User) -> None:
    record_transfer(Action.TRANSFER_HANDED_OVER, transfer, user=None, was=person.get_username(), to=to.get_username())


TRANSFER_WORK = JobWork(
    TRANSFERS,
    words=_words,
    url=_url,
    wanted_role=lambda transfer: transfer.wanted_role,
    tell_ended=_tell_ended,
    tell_handed_over=_tell_handed_over,
)


def transfers_of(team: Team) -> Sequence[str]:
    count = Transfer.objects.filter(team=team).count()
    return [ngettext("the record of %(count)d transfer", "the record of %(count)d transfers", count) % {"count": count}] if count else []
