"""Notification channels and the notices of ended runs."""

from datetime import timedelta
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from registry_ui.accounts.audit.log import record
from registry_ui.accounts.models import Action, Role, Team, User
from registry_ui.jobs.models import State
from transfers.mirrors.models import MirrorRun, NotificationPolicy
from transfers.mirrors.notifications.queue import NOTICES
from transfers.services.rows import check_role

from ..models.notice import Notice, NoticeKind, NotificationChannel
from .addresses import read_address

# Older runs have no notices, such as after a long stop of the scheduler.
_MAX_AGE = timedelta(days=1)
_BATCH_SIZE = 200


@transaction.atomic
def add_channel(*, team: Team, user: User | None, name: str, address: str) -> NotificationChannel:
    """Add a channel.

    Raises:
        InvalidAddress, PermissionDenied
        ValidationError: the team has a channel with that name.
    """
    check_role(team, user, Role.ADMIN)
    channel = NotificationChannel(
        team=team, name=name, scheme=read_address(address).scheme, created_by=user
    )
    channel.set_address(address.strip())
    _save_channel(channel, force_insert=True)
    record(Action.CHANNEL_ADDED, user=user, obj=channel, service=channel.scheme)
    return channel


@transaction.atomic
def change_channel(
    *, channel: NotificationChannel, user: User | None, name: str, address: str = ""
) -> NotificationChannel:
    """Rename a channel, and replace its address unless it is blank.

    Raises:
        InvalidAddress, PermissionDenied, ValidationError
    """
    check_role(channel.team, user, Role.ADMIN)
    channel.name = name
    if address:
        channel.scheme = read_address(address).scheme
        channel.set_address(address.strip())

        # The results belong to the previous address.
        channel.failed_at = channel.delivered_at = None

    _save_channel(
        channel, update_fields=["name", "scheme", "address_ciphertext", "failed_at", "delivered_at"]
    )
    record(
        Action.CHANNEL_CHANGED,
        user=user,
        obj=channel,
        service=channel.scheme,
        new_address=bool(address),
    )

    return channel


def _save_channel(channel: NotificationChannel, **options: Any) -> None:
    try:
        # A savepoint: on PostgreSQL a failed INSERT would break the outer transaction.
        with transaction.atomic():
            channel.save(**options)
    except IntegrityError as exc:
        raise ValidationError({"name": _("The team has a channel of that name already.")}) from exc


@transaction.atomic
def remove_channel(*, channel: NotificationChannel, user: User | None) -> None:
    """Remove a channel.

    Raises:
        PermissionDenied
    """
    check_role(channel.team, user, Role.ADMIN)

    # Before the deletion, which clears the id.
    record(Action.CHANNEL_REMOVED, user=user, obj=channel, service=channel.scheme)
    channel.delete()


@transaction.atomic
def test_channel(*, channel: NotificationChannel, user: User) -> Notice:
    """Queue a test message. An unfinished test is returned instead of a second one.

    Raises:
        PermissionDenied
    """
    check_role(channel.team, user, Role.ADMIN)

    # The lock serializes two clicks, so that the second finds the first test.
    NotificationChannel.objects.select_for_update().get(pk=channel.pk)
    waiting = channel.notices.active().filter(kind=NoticeKind.TEST).first()
    if waiting is not None:
        return waiting

    record(Action.CHANNEL_TESTED, user=user, obj=channel, service=channel.scheme)
    return _create_notice(
        Notice(
            team=channel.team,
            user=user,
            requested_by=user.get_username(),
            channel=channel,
            kind=NoticeKind.TEST,
        )
    )


def notify_ended_runs() -> int:
    """Create the notices of ended runs and return how many were created.

    Each run is handled once, however many schedulers ask.
    """
    ended = MirrorRun.objects.filter(
        noticed_at=None, finished_at__gt=timezone.now() - _MAX_AGE
    ).order_by("finished_at")
    return sum(_notify_of_run(run) for run in ended.select_related("mirror", "team")[:_BATCH_SIZE])


@transaction.atomic
def _notify_of_run(run: MirrorRun) -> int:
    # One row changed, or another scheduler was faster.
    if not MirrorRun.objects.filter(pk=run.pk, noticed_at=None).update(noticed_at=timezone.now()):
        return 0

    kind = notice_kind(run)
    if kind is None:
        return 0

    return len(
        [
            _create_notice(Notice(team=run.team, channel=channel, kind=kind, run=run))
            for channel in run.mirror.channels.all()
        ]
    )


def notice_kind(run: MirrorRun) -> NoticeKind | None:
    """Return the kind of notice that a run calls for; None for no notice.

    Plans, pulls to local images and cancelled runs have none.
    """
    policy = run.mirror.notify
    if (
        run.is_plan
        or run.is_staging
        or policy == NotificationPolicy.NEVER
        or run.state not in (State.SUCCEEDED, State.FAILED)
    ):
        return None

    # A failure is reported by every policy but “never”.
    if run.state == State.FAILED:
        return NoticeKind.FAILURE
    if policy == NotificationPolicy.FAILURE:
        return None

    # The first success after a failure is a recovery.
    if _failed_before(run):
        return NoticeKind.RECOVERY

    return NoticeKind.SUCCESS if policy == NotificationPolicy.ALWAYS else None


def _failed_before(run: MirrorRun) -> bool:
    earlier = MirrorRun.objects.to_target().filter(
        mirror=run.mirror, state__in=(State.SUCCEEDED, State.FAILED)
    )
    latest = (
        earlier.filter(finished_at__lt=run.finished_at)
        .exclude(pk=run.pk)
        .order_by("-finished_at")
        .first()
    )
    return latest is not None and latest.state == State.FAILED


def _create_notice(notice: Notice) -> Notice:
    # The constraint on run and channel refuses a second notice.
    notice.save(force_insert=True)

    # After the commit, so that the worker finds the row.
    transaction.on_commit(partial(NOTICES.enqueue, notice))
    return notice
