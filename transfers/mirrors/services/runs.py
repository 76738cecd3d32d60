"""The start and cancellation of runs."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Q

from registry_ui.accounts.audit.log import record
from registry_ui.accounts.models import Action, Role, User
from registry_ui.accounts.permissions import check_role
from registry_ui.oci.errors import InvalidReference, OciError

from ...models import State
from ..models import ItemAction, ItemState, Mirror, MirrorRun, Trigger
from ..run_queue import MIRROR_RUNS

_MAX_SELECTED = 1000


class MirrorBusy(OciError):
    """A mirror that already has an active run: `run`."""

    def __init__(self, run: MirrorRun) -> None:
        super().__init__("mirror_busy", name=run.mirror.name)
        self.run = run


def start_plan(*, mirror: Mirror, user: User | None, enqueue: bool = True) -> MirrorRun:
    """Start a dry run.

    Raises:
        MirrorBusy: another dry run is active. An active run does not matter.
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
    limited_to: Sequence[dict[str, str]] = (),
    enqueue: bool = True,
) -> MirrorRun:
    """Start a run.

    Args:
        due_at: the scheduled time that it belongs to; the database accepts each once.
        limited_to: [{"repository": at the source, "tag": …}]; without a tag the whole repository;
            empty for all.

    Raises:
        MirrorBusy
        PermissionDenied
        IntegrityError: this due time has had its run.
    """
    # The list is stored in one column of the row.
    if len(limited_to) > _MAX_SELECTED:
        raise InvalidReference("too_many_tags_chosen", most=_MAX_SELECTED)
    return _start(
        MirrorRun(mirror=mirror, trigger=trigger, due_at=due_at, limited_to=list(limited_to)),
        user,
        enqueue=enqueue,
    )


def start_local_pull(
    *, mirror: Mirror, user: User | None, retry_of: MirrorRun | None = None, enqueue: bool = True
) -> MirrorRun:
    """Pull the selection of a mirror between registries to the local images, for an export.

    The target receives no request.

    Raises:
        MirrorBusy, PermissionDenied
        InvalidReference: the local images are the mirror's target anyway.
    """
    # A plain run has the same result.
    if mirror.is_local:
        raise InvalidReference("mirror_keeps_images_already", name=mirror.name)

    trigger = Trigger.RETRY if retry_of else Trigger.PERSON if user else Trigger.COMMAND
    return _start(
        MirrorRun(mirror=mirror, trigger=trigger, is_local_pull=True, retry_of=retry_of),
        user,
        enqueue=enqueue,
    )


def run_plan(*, plan: MirrorRun, user: User | None, enqueue: bool = True) -> MirrorRun:
    """Copy the tags of a plan, at the digests that it compared.

    A tag that has changed since is skipped, with a reason.

    Raises:
        MirrorBusy, PermissionDenied
        InvalidReference: the plan has not succeeded, or the mirror was changed since.
    """
    if not plan.is_plan or plan.state != State.SUCCEEDED:
        raise InvalidReference("plan_incomplete")

    # A changed selection or naming could give its tags other names.
    if plan.mirror.updated_at > plan.created_at:
        raise InvalidReference("plan_outdated")

    trigger = Trigger.PERSON if user else Trigger.COMMAND
    return _start(
        MirrorRun(mirror=plan.mirror, trigger=trigger, based_on=plan), user, enqueue=enqueue
    )


def retry_failed(*, run: MirrorRun, user: User | None, enqueue: bool = True) -> MirrorRun:
    """Retry the failed tags of a run; all of it if it failed before it knew its tags.

    A pull to local images is compared as a whole, so that it has the state of one time. Tags that
    are up to date are not copied again.

    Raises:
        MirrorBusy, PermissionDenied
        InvalidReference: it has not ended, or nothing failed.
    """
    # The failed tags are complete only at the end.
    if not run.is_terminal or run.is_plan:
        raise InvalidReference("run_not_ended")

    # An archive must have the state of one time, so everything is compared again.
    if run.is_local_pull:
        return start_local_pull(mirror=run.mirror, user=user, retry_of=run, enqueue=enqueue)

    unfinished = Q(state=ItemState.FAILED) | Q(
        state__in=(ItemState.WAITING, ItemState.COPYING)
    ) & ~Q(action=ItemAction.EXTRA)
    # Extras have no source and are found again by any full comparison.
    # One more than allowed, to see whether there are too many to name.
    failed = list(
        run.items.filter(unfinished)
        .exclude(source_repository="")
        .values_list("source_repository", "tag")[: _MAX_SELECTED + 1]
    )

    if not failed and run.error is None:
        raise InvalidReference("run_without_failures")

    limited_to = (
        [{"repository": repository, "tag": tag} for repository, tag in failed]
        if len(failed) <= _MAX_SELECTED
        else run.limited_to
    )

    return _start(
        MirrorRun(mirror=run.mirror, trigger=Trigger.RETRY, retry_of=run, limited_to=limited_to),
        user,
        enqueue=enqueue,
    )


def sync_items(
    *, mirror: Mirror, user: User | None, limited_to: Sequence[dict[str, str]], enqueue: bool = True
) -> MirrorRun:
    """Start a run of some repositories or tags.

    Raises:
        MirrorBusy, PermissionDenied, InvalidReference
    """
    if not limited_to:
        raise InvalidReference("nothing_chosen")
    return start_run(
        mirror=mirror,
        user=user,
        trigger=Trigger.PERSON if user else Trigger.COMMAND,
        limited_to=limited_to,
        enqueue=enqueue,
    )


def cancel_run(*, run: MirrorRun, user: User | None) -> None:
    """Cancel a run: at once if queued, within two seconds if running. Copied tags stay.

    Raises:
        PermissionDenied
    """
    check_role(run.team, user, Role.OPERATOR)
    if not run.is_terminal:
        record(Action.MIRROR_CANCELLED, user=user, obj=run, name=run.mirror.name)
    MIRROR_RUNS.cancel(run)


def _start(run: MirrorRun, user: User | None, *, enqueue: bool) -> MirrorRun:
    run.team = run.mirror.team
    check_role(run.team, user, Role.OPERATOR)
    run.user = user
    run.requested_by = user.get_username() if user else ""
    with transaction.atomic():
        # The lock serializes two starts, so that the second sees the first.
        Mirror.objects.select_for_update().get(pk=run.mirror.pk)

        # A plan and a run may be active together, two runs may not.
        active = MirrorRun.objects.active().filter(mirror=run.mirror, is_plan=run.is_plan).first()
        if active is not None:
            raise MirrorBusy(active)
        run.save(force_insert=True)

        # After the commit, so that the worker finds the row.
        if enqueue:
            transaction.on_commit(partial(MIRROR_RUNS.enqueue, run))

    action = (
        Action.MIRROR_PLANNED
        if run.is_plan
        else Action.MIRROR_LOCAL_PULL_STARTED
        if run.is_local_pull
        else Action.MIRROR_STARTED
    )
    record(action, **_event(run, user))

    return run


def _event(run: MirrorRun, user: User | None) -> dict[str, Any]:
    return {"user": user, "obj": run, "name": run.mirror.name, "trigger": str(run.trigger)}
