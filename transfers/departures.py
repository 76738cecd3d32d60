"""Offboarding of transfers and mirror runs, and their part of a team's deletion summary."""

from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registry_ui.accounts.models import Action, Role, Team, User
from registry_ui.accounts.trail import record
from registry_ui.jobs.departures import JobOffboarding
from registry_ui.oci.reference import Reference

from .mirrors.queueing import MIRROR_RUNS
from .models import Mirror, MirrorRun, Transfer
from .queueing import TRANSFERS
from .situation import TransferPresenter
from .trail import record_transfer


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


def _describe_run(run: MirrorRun) -> str:
    parameters = {"name": run.mirror.name}
    if run.is_staging:
        return _("Images of the mirror “%(name)s”, brought here") % parameters
    if run.is_plan:
        return _("Plan of the mirror “%(name)s”") % parameters
    return _("Run of the mirror “%(name)s”") % parameters


def _record_run_ended(run: MirrorRun, by: User | None, reason: str) -> None:
    record(Action.MIRROR_CANCELLED, user=by, obj=run, name=run.mirror.name, error=reason)


def _record_run_handed_over(run: MirrorRun, person: User, to: User) -> None:
    record(
        Action.MIRROR_HANDED_OVER,
        obj=run,
        name=run.mirror.name,
        was=person.get_username(),
        to=to.get_username(),
    )


# Runs of a schedule or a webhook have no user: they belong to the team and stay.
MIRROR_OFFBOARDING = JobOffboarding(
    MIRROR_RUNS,
    describe=_describe_run,
    url=lambda run: reverse("mirrors:run", args=[run.pk]),
    required_role=lambda run: Role.OPERATOR,
    record_ended=_record_run_ended,
    record_handed_over=_record_run_handed_over,
)


def mirror_deletion_summary(team: Team) -> Sequence[str]:
    count = Mirror.objects.filter(team=team).count()
    if not count:
        return []
    text = ngettext("%(count)d mirror, with its runs", "%(count)d mirrors, with their runs", count)
    return [text % {"count": count}]


def transfer_deletion_summary(team: Team) -> Sequence[str]:
    count = Transfer.objects.filter(team=team).count()
    if not count:
        return []
    text = ngettext("the record of %(count)d transfer", "the record of %(count)d transfers", count)
    return [text % {"count": count}]
