"""Channels: who may add, change, test and remove them; notices and how long they stay."""

import json
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from registry_ui.accounts.models import Action, AuditEvent
from registry_ui.jobs.models import State
from registry_ui.notifications import services
from registry_ui.notifications.models import Notice, NoticeKind, NotificationChannel
from registry_ui.notifications.queue import NOTICES

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]


def test_an_unfinished_test_is_not_repeated(channel, alice):
    assert services.test_channel(channel=channel, user=alice) == services.test_channel(
        channel=channel, user=alice
    )


def test_a_notice_names_its_object_and_waits_in_the_queue(channel, team, redis_server):
    [notice] = services.notify([channel], NoticeKind.FAILURE, team, team=team)

    assert (notice.object_kind, notice.object_key) == ("accounts.team", str(team.pk))
    assert (notice.state, notice.channel) == (State.QUEUED, channel)


def test_an_event_is_notified_to_a_channel_once(channel, team):
    services.notify([channel], NoticeKind.FAILURE, team, team=team)

    with pytest.raises(IntegrityError), transaction.atomic():
        services.notify([channel], NoticeKind.FAILURE, team, team=team)
    services.notify([channel], NoticeKind.RECOVERY, team, team=team)
    assert Notice.objects.count() == 2


def test_old_notices_are_deleted_but_the_latest_of_a_channel_stays(channel, alice):
    old = timezone.now() - services.NOTICE_RETENTION - timedelta(days=1)
    for _number in range(3):
        services.test_channel(channel=channel, user=alice)
        Notice.objects.update(state=State.SUCCEEDED, finished_at=old)
    latest = channel.notices.order_by("-created_at").first()

    assert services.delete_old_notices() == 2
    assert list(Notice.objects.all()) == [latest]


def test_young_and_unfinished_notices_stay(channel, alice):
    services.test_channel(channel=channel, user=alice)
    Notice.objects.update(state=State.SUCCEEDED, finished_at=timezone.now())
    services.test_channel(channel=channel, user=alice)

    assert services.delete_old_notices() == 0


def test_only_admins_add_change_test_and_remove(team, channel, bob):
    for action in (
        lambda: services.add_channel(
            team=team, user=bob, name="Mine", address="jsons://example.com/"
        ),
        lambda: services.change_channel(channel=channel, user=bob, name="Mine"),
        lambda: services.test_channel(channel=channel, user=bob),
        lambda: services.remove_channel(channel=channel, user=bob),
    ):
        with pytest.raises(PermissionDenied):
            action()
    assert NotificationChannel.objects.get().name == "Operators"


def test_a_channel_name_is_unique(team, channel, alice):
    with pytest.raises(ValidationError):
        services.add_channel(
            team=team, user=alice, name="Operators", address="jsons://example.com/"
        )


def test_renaming_keeps_the_address(channel, alice, receiver):
    services.change_channel(channel=channel, user=alice, name="Others")

    assert NotificationChannel.objects.get().address.reveal() == f"json://{receiver.host}/hook"


def test_the_address_is_in_no_event_job_or_plain_column(team, alice, redis_server):
    channel = services.add_channel(
        team=team, user=alice, name="Chat", address="jsons://user:canary-secret@hooks.example.com/"
    )
    services.test_channel(channel=channel, user=alice)

    assert "canary-secret" not in json.dumps(
        list(AuditEvent.objects.values("details", "object_name"))
    )
    assert "canary-secret" not in json.dumps(
        list(NotificationChannel.objects.values()), default=str
    )
    assert "canary-secret" not in str(channel.address) + repr(channel.__dict__)
    assert AuditEvent.objects.filter(action=Action.CHANNEL_TESTED).count() == 1
    assert all(
        b"canary-secret" not in (NOTICES.rq.connection.dump(key) or b"")
        for key in NOTICES.rq.connection.scan_iter()
    )
