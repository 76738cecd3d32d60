"""Transfers of people who leave, and those of a team that is removed."""

from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import ngettext

from registry_ui.accounts.models import Action, Team
from registry_ui.jobs.departures import JobWork

from .models import Transfer
from .queueing import TRANSFERS


def _words(transfer: Transfer) -> str:
    return f"{transfer.get_kind_display()} {transfer.target}"


def _url(transfer: Transfer) -> str:
    return reverse("transfers:detail", args=[transfer.pk])


TRANSFER_WORK = JobWork(
    TRANSFERS,
    words=_words,
    url=_url,
    wanted_role=lambda transfer: transfer.wanted_role,
    ended=Action.TRANSFER_CANCELLED,
    handed_over=Action.TRANSFER_HANDED_OVER,
)


def transfers_of(team: Team) -> Sequence[str]:
    count = Transfer.objects.filter(team=team).count()
    return [ngettext("the record of %(count)d transfer", "the record of %(count)d transfers", count) % {"count": count}] if count else []
