"""Notification channels, and the notices that are sent to them."""

from collections.abc import Iterable
from datetime import timedelta
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Model, OuterRef, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from registry_ui.accounts.audit.log import record
from registry_ui.accounts.models import Action, Role, Team, User
from registry_ui.accounts.permissions import check_role
from registry_ui.jobs.models import TERMINAL_STATES

from .addresses import read_address
from .messages import object_kind
from .models import Notice, NoticeKind, NotificationChannel
from .queue import NOTICES

NOTICE_RETENTION = timedelta(days=30)
_CHUNK = 500


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


@transaction.atomic
def notify(
    channels: Iterable[NotificationChannel], kind: NoticeKind, obj: Model, *, team: Team
) -> list[Notice]:
    """Queue a notice about an object for each channel.

    Args:
        obj: its app writes the messages; see `messages.MESSAGE_WRITERS`.

    Raises:
        IntegrityError: a channel has that notice already.
    """
    return [
        _create_notice(
            Notice(
                team=team,
                channel=channel,
                kind=kind,
                object_kind=object_kind(type(obj)),
                object_key=str(obj.pk),
            )
        )
        for channel in channels
    ]


def delete_old_notices() -> int:
    """Delete old notices and return how many; the latest of each channel stays."""
    latest = Notice.objects.filter(channel=OuterRef("channel")).order_by("-created_at", "-id")
    old = Notice.objects.filter(
        state__in=TERMINAL_STATES, finished_at__lt=timezone.now() - NOTICE_RETENTION
    ).exclude(pk=Subquery(latest.values("pk")[:1]))

    # In chunks: SQLite limits the parameters of a query, and others must write between.
    ids = list(old.order_by().values_list("pk", flat=True))
    for start in range(0, len(ids), _CHUNK):
        Notice.objects.filter(pk__in=ids[start : start + _CHUNK]).delete()
    return len(ids)


def _create_notice(notice: Notice) -> Notice:
    # The constraint on channel and object refuses a second notice.
    notice.save(force_insert=True)

    # After the commit, so that the worker finds the row.
    transaction.on_commit(partial(NOTICES.enqueue, notice))
    return notice
