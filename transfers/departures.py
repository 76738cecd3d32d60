"""Transfers and mirror runs of people who leave, and those of a team that is removed."""

from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registry_ui.accounts.models import Action, Role, Team, User
from registry_ui.accounts.trail import record
from registry_ui.jobs.departures import JobWork
from registry_ui.oci.reference import Reference

from .mirrors.queueing import MIRROR_RUNS
from .models import Mirror, MirrorRun, Transfer
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
    record_transfer(
        Action.TRANSFER_HANDED_OVER,
        transfer,
        user=None,
        was=person.get_username(),
        to=to.get_username(),
    )


TRANSFER_WORK = JobWork(
    TRANSFERS,
    words=_words,
    url=_url,
    wanted_role=lambda transfer: transfer.wanted_role,
    tell_ended=_tell_ended,
    tell_handed_over=_tell_handed_over,
)


def _run_words(run: MirrorRun) -> str:
    words = {"name": run.mirror.name}
    if run.is_staging:
        return _("Images of the mirror “%(name)s”, brought here") % words
    return (
        _("Plan of the mirror “%(name)s”") % words
        if run.is_plan
        else _("Run of the mirror “%(name)s”") % words
    )


def _tell_run_ended(run: MirrorRun, by: User | None, why: str) -> None:
    record(Action.MIRROR_CANCELLED, user=by, obj=run, name=run.mirror.name, error=why)


def _tell_run_handed_over(run: MirrorRun, person: User, to: User) -> None:
    record(
        Action.MIRROR_HANDED_OVER,
        obj=run,
        name=run.mirror.name,
        was=person.get_username(),
        to=to.get_username(),
    )


# What a schedule or a webhook started is the team's, and stays when a person goes.
MIRROR_WORK = JobWork(
    MIRROR_RUNS,
    words=_run_words,
    url=lambda run: reverse("mirrors:run", args=[run.pk]),
    wanted_role=lambda run: Role.OPERATOR,
    tell_ended=_tell_run_ended,
    tell_handed_over=_tell_run_handed_over,
)


def mirrors_of(team: Team) -> Sequence[str]:
    count = Mirror.objects.filter(team=team).count()
    words = ngettext("%(count)d mirror, with its runs", "%(count)d mirrors, with their runs", count)
    return [words % {"count": count}] if count else []


def transfers_of(team: Team) -> Sequence[str]:
    count = Transfer.objects.filter(team=team).count()
    return (
        [
            ngettext("the record of %(count)d transfer", "the record of %(count)d transfers", count)
            % {"count": count}
        ]
        if count
        else []
    )
