"""Offboarding of mirror runs, and the mirrors' part of a team's deletion summary."""

from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registry_ui.accounts.audit.log import record
from registry_ui.accounts.models import Action, Role, Team, User
from registry_ui.jobs.offboarding import JobOffboarding

from .models import Mirror, MirrorRun
from .run_queue import MIRROR_RUNS


def _describe_run(run: MirrorRun) -> str:
    parameters = {"name": run.mirror.name}
    if run.is_local_pull:
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
