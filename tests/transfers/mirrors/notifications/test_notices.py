"""Notices of runs: created once, delivered by a worker."""

import json
import threading
import uuid

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.utils import timezone

from registry_ui.accounts.models import Action, AuditEvent, Membership
from tests.parts.scripted_server import Reply
from tests.transfers.mirrors.rows import mirror_row, run_row
from transfers.mirrors import jobs
from transfers.mirrors.models import NotificationPolicy
from transfers.mirrors.models.notice import Notice, NotificationChannel
from transfers.mirrors.notifications import services
from transfers.mirrors.notifications.queue import NOTICES
from transfers.models import State

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]


def bodies(server):
    return [json.loads(call.body) for call in server.made("POST")]


def kinds_of_notices(mirror, *states, notify, **values):
    mirror.notify = notify
    mirror.save()
    for age, state in zip(range(len(states) * 100, 0, -100), states, strict=True):
        run_row(mirror, state=state, age=age, **values)
        services.notify_ended_runs()
    return [
        str(kind) for kind in Notice.objects.order_by("created_at").values_list("kind", flat=True)
    ]


@pytest.fixture
def mirror(team, channel):
    mirror = mirror_row(team)
    mirror.channels.add(channel)
    return mirror


OK, BAD = State.SUCCEEDED, State.FAILED


@pytest.mark.parametrize(
    ("notify", "states", "kinds"),
    [
        (NotificationPolicy.NEVER, (BAD, OK), []),
        (NotificationPolicy.FAILURE, (OK, BAD, OK), ["failure"]),
        (NotificationPolicy.RECOVERY, (OK, BAD, OK, OK), ["failure", "recovery"]),
        (NotificationPolicy.RECOVERY, (BAD, BAD, OK), ["failure", "failure", "recovery"]),
        (
            NotificationPolicy.ALWAYS,
            (OK, BAD, OK, OK),
            ["success", "failure", "recovery", "success"],
        ),
        (NotificationPolicy.ALWAYS, (State.CANCELLED,), []),
    ],
)
def test_notices_follow_the_policy_of_the_mirror(mirror, notify, states, kinds):
    assert kinds_of_notices(mirror, *states, notify=notify) == kinds


def test_a_plan_has_no_notice(mirror):
    assert kinds_of_notices(mirror, BAD, notify=NotificationPolicy.ALWAYS, is_plan=True) == []


def test_a_mirror_without_channels_has_no_notice(team):
    assert kinds_of_notices(mirror_row(team), BAD, notify=NotificationPolicy.ALWAYS) == []


def test_an_old_run_has_no_notice(mirror):
    run_row(mirror, state=BAD, age=2 * 24 * 3600)

    assert services.notify_ended_runs() == 0


def test_an_active_run_has_no_notice(mirror):
    run_row(mirror, state=State.RUNNING)

    assert services.notify_ended_runs() == 0


@pytest.mark.django_db(transaction=True)
def test_two_schedulers_create_one_notice(mirror):
    run_row(mirror, state=BAD)
    barrier = threading.Barrier(4)

    def scheduler():
        barrier.wait()
        services.notify_ended_runs()
        connection.close()

    threads = [threading.Thread(target=scheduler) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert Notice.objects.count() == 1


def test_a_run_notified_by_another_scheduler_has_no_second_notice(mirror):
    """Notify from a row that was read before another scheduler handled it."""
    read_before = run_row(mirror, state=BAD)
    assert services.notify_ended_runs() == 1

    assert services._notify_of_run(read_before) == 0
    assert Notice.objects.count() == 1


def test_the_message_has_the_mirror_the_cause_and_the_link(mirror, channel, receiver, settings):
    settings.URL = "https://registries.example.com"
    run = run_row(
        mirror,
        state=BAD,
        error={
            "kind": "Unauthorized",
            "message": "The registry refused the login.",
            "advice": "Renew it.",
        },
    )
    services.notify_ended_runs()
    notice = Notice.objects.get()

    jobs.send_notice(str(notice.pk))

    notice.refresh_from_db()
    channel.refresh_from_db()
    sent = bodies(receiver)[0]
    assert notice.state == OK
    assert channel.delivered_at is not None
    assert mirror.name in sent["title"]
    assert "The registry refused the login. Renew it." in sent["message"]
    assert f"https://registries.example.com/mirrors/runs/{run.pk}/" in sent["message"]
    assert sent["type"] == "failure"


def test_it_is_sent_once_even_if_the_job_repeats(mirror, receiver):
    run_row(mirror, state=BAD)
    services.notify_ended_runs()
    pk = str(Notice.objects.get().pk)

    for _number in range(3):
        jobs.send_notice(pk)

    assert len(bodies(receiver)) == 1


def test_a_notice_of_a_dead_worker_is_not_sent_again(mirror, receiver):
    run_row(mirror, state=BAD)
    services.notify_ended_runs()
    Notice.objects.update(attempt=1)

    jobs.send_notice(str(Notice.objects.get().pk))

    assert bodies(receiver) == []
    assert Notice.objects.get().state == BAD


def test_an_unknown_id_does_nothing():
    jobs.send_notice(str(uuid.uuid4()))


# --- tests of a channel


def outcome_of_test(channel, user):
    notice = services.test_channel(channel=channel, user=user)
    jobs.send_notice(str(notice.pk))
    notice.refresh_from_db()
    return notice


def test_open_closed_and_blocked_give_the_same_message(team, alice, receiver, settings):
    receiver.on("POST", "/refuses/?", Reply(404))
    places = [
        f"json://{receiver.host}/refuses",
        "json://127.0.0.1:1/",
        "json://169.254.169.254/",
        "json://no-such-host.invalid/",
    ]
    errors = []
    for number, address in enumerate(places):
        channel = services.add_channel(
            team=team, user=alice, name=f"Channel {number}", address=address
        )
        errors.append(outcome_of_test(channel, alice).error)
        channel.refresh_from_db()
        assert channel.failed_at is not None
    settings.EGRESS_ALLOW_LOOPBACK = False
    blocked = services.add_channel(
        team=team, user=alice, name="Blocked", address=f"json://{receiver.host}/hook"
    )
    errors.append(outcome_of_test(blocked, alice).error)

    assert len({json.dumps(error, sort_keys=True) for error in errors}) == 1
    assert [call.path for call in receiver.calls] == ["/refuses"]


def test_a_failure_shows_until_a_message_arrives(channel, alice, receiver):
    receiver.on("POST", "/hook/?", Reply(500), Reply(200))
    outcome_of_test(channel, alice)
    channel.refresh_from_db()
    failed_at = channel.failed_at

    outcome_of_test(channel, alice)
    channel.refresh_from_db()

    assert failed_at is not None
    assert channel.failed_at is None


def test_a_redirect_is_not_followed(channel, alice, receiver):
    receiver.on("POST", "/hook/?", Reply(302, headers={"Location": f"{receiver.url}/elsewhere"}))

    assert outcome_of_test(channel, alice).state == BAD
    assert not receiver.made("GET")
    assert not receiver.made("POST", "/elsewhere/?")


def test_an_unfinished_test_is_not_repeated(channel, alice):
    assert services.test_channel(channel=channel, user=alice) == services.test_channel(
        channel=channel, user=alice
    )


def test_the_test_of_a_former_admin_is_not_sent(channel, alice, receiver):
    notice = services.test_channel(channel=channel, user=alice)
    Membership.objects.filter(user=alice).update(role="viewer")

    jobs.send_notice(str(notice.pk))

    assert bodies(receiver) == []


def test_another_key_opens_no_address(channel, alice, settings, receiver):
    settings.ENCRYPTION_KEYS = ["MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="]

    notice = outcome_of_test(channel, alice)

    assert notice.error["kind"] == "DecryptionFailed"
    assert bodies(receiver) == []


# --- the verbs


def test_only_admins_add_change_test_and_remove(team, channel, bob):
    for act in (
        lambda: services.add_channel(
            team=team, user=bob, name="Mine", address="jsons://example.com/"
        ),
        lambda: services.change_channel(channel=channel, user=bob, name="Mine"),
        lambda: services.test_channel(channel=channel, user=bob),
        lambda: services.remove_channel(channel=channel, user=bob),
    ):
        with pytest.raises(PermissionDenied):
            act()
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


@pytest.mark.django_db(transaction=True)
def test_a_real_worker_sends_it(mirror, receiver, manage):
    run_row(mirror, state=BAD)
    manage.start_worker("notices")

    services.notify_ended_runs()

    manage.processes[0].wait_for(lambda: bool(bodies(receiver)), seconds=60)
    manage.processes[0].wait_for(lambda: Notice.objects.get().state == OK, seconds=20)
    assert Notice.objects.get().finished_at <= timezone.now()
