"""The verbs that start and stop runs of a mirror."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from registry_ui.accounts.models import Action, Role, User
from registry_ui.accounts.trail import record
from registry_ui.oci.errors import InvalidReference, OciError

from ..models import ItemAction, ItemState, Mirror, MirrorRun, State, Trigger
from ..services.rows import need_role
from .queueing import MIRROR_RUNS

_MOST_CHOSEN = 1000


class MirrorBusy(OciError):
    """The mirror runs already; `run` is the one. One rule never runs twice at a time."""

    general_advice = ""

    def __init__(self, run: MirrorRun) -> None:
        super().__init__(
            _("“%(name)s” runs already.") % {"name": run.mirror.name},
            advice=_("Wait until it has ended, or cancel it first."),
        )
        self.run = run


def start_plan(*, mirror: Mirror, user: User | None, enqueue: bool = True) -> MirrorRun:
    """Find out what a run would do, and do nothing of it.

    Raises:
        MirrorBusy: a plan is being made. A run at work is no hindrance.
        PermissionDenied
    """
    trigger = Trigger.PERSON if user else Trigger.COMMAND
    return _start(MirrorRun(mirror=mirror, trigger=trigger, is_plan=True), user, enqueue=enqueue)


def start_run(
    *,
    mirror: Mirror,
    user: User | None,
    trigger: Trigger = Trigger.PERSON,
    due_at: datetime | None = None,
    only: Sequence[dict[str, str]] = (),
    enqueue: bool = True,
) -> MirrorRun:
    """
    Args:
        due_at: the moment of the schedule that it belongs to; the database takes each once.
        only: [{"repository": at the source, "tag": …}]; without a tag the whole repository; none is all.

    Raises:
        MirrorBusy
        PermissionDenied
        IntegrityError: this due time has had its run.
    """
    if len(only) > _MOST_CHOSEN:
        raise InvalidReference(
            _("At most %(most)d tags are chosen at once.") % {"most": _MOST_CHOSEN},
            advice=_("Run the whole mirror."),
        )
    return _start(
        MirrorRun(mirror=mirror, trigger=trigger, due_at=due_at, only=list(only)),
        user,
        enqueue=enqueue,
    )


def start_staging(
    *, mirror: Mirror, user: User | None, retry_of: MirrorRun | None = None, enqueue: bool = True
) -> MirrorRun:
    """Bring the selection of a rule between registries here, to be exported. Its target gets no request and stays as it is.

    Raises:
        MirrorBusy, PermissionDenied
        InvalidReference: the rule keeps its images here anyway.
    """
    if mirror.is_local:
        raise InvalidReference(
            _("“%(name)s” keeps its images here anyway.") % {"name": mirror.name},
            advice=_("Run it."),
        )
    trigger = Trigger.RETRY if retry_of else Trigger.PERSON if user else Trigger.COMMAND
    return _start(
        MirrorRun(mirror=mirror, trigger=trigger, is_staging=True, retry_of=retry_of),
        user,
        enqueue=enqueue,
    )


def run_plan(*, plan: MirrorRun, user: User | None, enqueue: bool = True) -> MirrorRun:
    """Do what a plan shows: its tags, at the digests that it saw. What has moved on since is left as it is, and said.

    Raises:
        MirrorBusy, PermissionDenied
        InvalidReference: the plan has not succeeded, or was made for another rule than it is now.
    """
    if not plan.is_plan or plan.state != State.SUCCEEDED:
        raise InvalidReference(
            _("Only a plan that is complete can be run."), advice=_("Make a new plan.")
        )
    if plan.mirror.changed_at > plan.created_at:
        raise InvalidReference(
            _("The rule was changed after this plan was made."), advice=_("Make a new plan.")
        )
    trigger = Trigger.PERSON if user else Trigger.COMMAND
    return _start(
        MirrorRun(mirror=plan.mirror, trigger=trigger, based_on=plan), user, enqueue=enqueue
    )


def retry_failed(*, run: MirrorRun, user: User | None, enqueue: bool = True) -> MirrorRun:
    """Try again what failed in a run, and nothing else; where the run itself failed before it knew its tags, all of it.

    What is brought here to be exported is looked at whole again, so that it is of one moment; what is here is not moved again.

    Raises:
        MirrorBusy, PermissionDenied
        InvalidReference: it has not ended, or nothing failed.
    """
    if not run.is_terminal or run.is_plan:
        raise InvalidReference(_("This run has not ended."), advice=_("Cancel it first."))
    if run.is_staging:
        return start_staging(mirror=run.mirror, user=user, retry_of=run, enqueue=enqueue)
    undone = Q(state=ItemState.FAILED) | Q(state__in=(ItemState.WAITING, ItemState.MOVING)) & ~Q(
        action=ItemAction.EXTRA
    )
    # An extra is found anew by looking at all of it.
    failed = list(
        run.items.filter(undone)
        .exclude(source_repository="")
        .values_list("source_repository", "tag")[: _MOST_CHOSEN + 1]
    )
    if not failed and run.error is None:
        raise InvalidReference(_("Nothing failed in this run."))
    only = (
        [{"repository": repository, "tag": tag} for repository, tag in failed]
        if len(failed) <= _MOST_CHOSEN
        else run.only
    )
    return _start(
        MirrorRun(mirror=run.mirror, trigger=Trigger.RETRY, retry_of=run, only=only),
        user,
        enqueue=enqueue,
    )


def sync_items(
    *, mirror: Mirror, user: User | None, only: Sequence[dict[str, str]], enqueue: bool = True
) -> MirrorRun:
    """Bring some repositories or tags into line now.

    Raises:
        MirrorBusy, PermissionDenied, InvalidReference
    """
    if not only:
        raise InvalidReference(_("Nothing was chosen."))
    return start_run(
        mirror=mirror,
        user=user,
        trigger=Trigger.PERSON if user else Trigger.COMMAND,
        only=only,
        enqueue=enqueue,
    )


def cancel_run(*, run: MirrorRun, user: User | None) -> None:
    """Stop a run: at once while it waits, within two seconds while it is at work. What has arrived stays.

    Raises:
        PermissionDenied
    """
    need_role(run.team, user, Role.OPERATOR)
    if not run.is_terminal:
        record(Action.MIRROR_CANCELLED, user=user, obj=run, name=run.mirror.name)
    MIRROR_RUNS.cancel(run)


def _start(run: MirrorRun, user: User | None, *, enqueue: bool) -> MirrorRun:
    run.team = run.mirror.team
    need_role(run.team, user, Role.OPERATOR)
    run.user = user
    run.requested_by = user.get_username() if user else ""
    with transaction.atomic():
        # The lock makes two that start at once see each other.
        Mirror.objects.select_for_update().get(pk=run.mirror.pk)
        active = MirrorRun.objects.active().filter(mirror=run.mirror, is_plan=run.is_plan).first()
        if active is not None:
            raise MirrorBusy(active)
        run.save(force_insert=True)
        if enqueue:
            transaction.on_commit(partial(MIRROR_RUNS.enqueue, run))
    action = (
        Action.MIRROR_PLANNED
        if run.is_plan
        else Action.MIRROR_STAGING
        if run.is_staging
        else Action.MIRROR_STARTED
    )
    record(action, **_event(run, user))
    return run


def _event(run: MirrorRun, user: User | None) -> dict[str, Any]:
    return {"user": user, "obj": run, "name": run.mirror.name, "trigger": str(run.trigger)}
