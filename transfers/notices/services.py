"""The verbs: add, change, test and remove a channel; tell what became of a run."""

from datetime import timedelta
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from registry_ui.accounts.models import Action, Role, Team, User
from registry_ui.accounts.trail import record
from registry_ui.jobs.models import State

from ..models import MirrorRun, Notice, NoticeKind, NotificationChannel, Notify
from ..queueing import NOTICES
from ..services.rows import need_role
from .kinds import read_address

# What ended longer ago is no news any more.
_NEWS = timedelta(days=1)
_MOST_AT_ONCE = 200


@transaction.atomic
def add_channel(*, team: Team, user: User | None, name: str, address: str) -> NotificationChannel:
    """
    Raises:
        InvalidAddress, PermissionDenied
        ValidationError: the team has a channel of that name.
    """
    need_role(team, user, Role.ADMIN)
    channel = NotificationChannel(
        team=team, name=name, scheme=read_address(address).scheme, created_by=user
    )
    channel.set_address(address.strip())
    _save(channel, force_insert=True)
    record(Action.CHANNEL_ADDED, user=user, obj=channel, service=channel.scheme)
    return channel


@transaction.atomic
def change_channel(
    *, channel: NotificationChannel, user: User | None, name: str, address: str = ""
) -> NotificationChannel:
    """Rename it; with an address, send to that one from now on. Blank keeps the present one.

    Raises:
        InvalidAddress, PermissionDenied, ValidationError
    """
    need_role(channel.team, user, Role.ADMIN)
    channel.name = name
    if address:
        channel.scheme = read_address(address).scheme
        channel.set_address(address.strip())
        channel.failed_at = channel.delivered_at = None
    _save(
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


def _save(channel: NotificationChannel, **options: Any) -> None:
    try:
        with transaction.atomic():
            channel.save(**options)
    except IntegrityError as exc:
        raise ValidationError({"name": _("The team has a channel of that name already.")}) from exc


@transaction.atomic
def remove_channel(*, channel: NotificationChannel, user: User | None) -> None:
    """
    Raises:
        PermissionDenied
    """
    need_role(channel.team, user, Role.ADMIN)
    record(Action.CHANNEL_REMOVED, user=user, obj=channel, service=channel.scheme)
    channel.delete()


@transaction.atomic
def test_channel(*, channel: NotificationChannel, user: User) -> Notice:
    """Send a test by way of a worker. One that is still on its way is not sent a second time.

    Raises:
        PermissionDenied
    """
    need_role(channel.team, user, Role.ADMIN)
    NotificationChannel.objects.select_for_update().get(pk=channel.pk)
    waiting = channel.notices.active().filter(kind=NoticeKind.TEST).first()
    if waiting is not None:
        return waiting
    record(Action.CHANNEL_TESTED, user=user, obj=channel, service=channel.scheme)
    return _make(
        Notice(
            team=channel.team,
            user=user,
            requested_by=user.get_username(),
            channel=channel,
            kind=NoticeKind.TEST,
        )
    )


def tell_of_ended_runs() -> int:
    """Make the notices of every run that has ended since, each once however many schedulers ask; how many were made."""
    ended = MirrorRun.objects.filter(
        noticed_at=None, finished_at__gt=timezone.now() - _NEWS
    ).order_by("finished_at")
    return sum(_tell(run) for run in ended.select_related("mirror", "team")[:_MOST_AT_ONCE])


@transaction.atomic
def _tell(run: MirrorRun) -> int:
    if not MirrorRun.objects.filter(pk=run.pk, noticed_at=None).update(noticed_at=timezone.now()):
        return 0
    kind = kind_for(run)
    if kind is None:
        return 0
    return len(
        [
            _make(Notice(team=run.team, channel=channel, kind=kind, run=run))
            for channel in run.mirror.channels.all()
        ]
    )


def kind_for(run: MirrorRun) -> NoticeKind | None:
    """What is to be told of a run that has ended; None where its rule wants nothing told. A plan, what
    was brought here to be exported, and a cancelled run are no news."""
    wanted = run.mirror.notify
    if (
        run.is_plan
        or run.is_staging
        or wanted == Notify.NEVER
        or run.state not in (State.SUCCEEDED, State.FAILED)
    ):
        return None
    if run.state == State.FAILED:
        return NoticeKind.FAILURE
    if wanted == Notify.FAILURE:
        return None
    if _failed_before(run):
        return NoticeKind.RECOVERY
    return NoticeKind.SUCCESS if wanted == Notify.ALWAYS else None


def _failed_before(run: MirrorRun) -> bool:
    earlier = MirrorRun.objects.mirroring().filter(
        mirror=run.mirror, state__in=(State.SUCCEEDED, State.FAILED)
    )
    latest = (
        earlier.filter(finished_at__lt=run.finished_at)
        .exclude(pk=run.pk)
        .order_by("-finished_at")
        .first()
    )
    return latest is not None and latest.state == State.FAILED


def _make(notice: Notice) -> Notice:
    notice.save(force_insert=True)
    transaction.on_commit(partial(NOTICES.enqueue, notice))
    return notice
