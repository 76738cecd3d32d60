"""Notices of runs: which run calls for one, created once, with cause and link."""

import json
import threading
import uuid

import pytest
from django.db import connection
from django.utils import timezone

from registry_ui.jobs.runner import run_job
from registry_ui.notifications import services
from registry_ui.notifications.messages import channel_users
from registry_ui.notifications.models import Notice, NoticeKind
from tests.parts.error_texts import stored_error
from tests.parts.scripted_server import Reply, scripted_server
from tests.transfers.mirrors.rows import mirror_row, run_row
from transfers.mirrors import notices
from transfers.mirrors.models import NotificationPolicy
from transfers.models import State

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]


@pytest.fixture
def receiver():
    with scripted_server() as server:
        server.on("POST", "/hook/?", Reply())
        yield server


@pytest.fixture
def channel(team, alice, receiver):
    return services.add_channel(
        team=team, user=alice, name="Operators", address=f"json://{receiver.host}/hook"
    )


def bodies(server):
    return [json.loads(call.body) for call in server.made("POST")]


def kinds_of_notices(mirror, *states, policy, **values):
    mirror.notification_policy = policy
    mirror.save()
    for age, state in zip(range(len(states) * 100, 0, -100), states, strict=True):
        run_row(mirror, state=state, age=age, **values)
        notices.notify_ended_runs()
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
    ("policy", "states", "kinds"),
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
def test_notices_follow_the_policy_of_the_mirror(mirror, policy, states, kinds):
    assert kinds_of_notices(mirror, *states, policy=policy) == kinds


def test_a_plan_has_no_notice(mirror):
    assert kinds_of_notices(mirror, BAD, policy=NotificationPolicy.ALWAYS, is_plan=True) == []


def test_a_mirror_without_channels_has_no_notice(team):
    assert kinds_of_notices(mirror_row(team), BAD, policy=NotificationPolicy.ALWAYS) == []


def test_an_old_run_has_no_notice(mirror):
    run_row(mirror, state=BAD, age=2 * 24 * 3600)

    assert notices.notify_ended_runs() == 0


def test_a_run_that_cannot_be_notified_does_not_stop_the_others(mirror, monkeypatch, caplog):
    bad = run_row(mirror, state=BAD, age=200)
    good = run_row(mirror, state=BAD, age=100)
    kind_of = notices.notice_kind

    def fail_for_one(run):
        if run.pk == bad.pk:
            raise ValueError("an unknown policy")
        return kind_of(run)

    monkeypatch.setattr(notices, "notice_kind", fail_for_one)

    assert notices.notify_ended_runs() == 1
    assert Notice.objects.get().object_key == str(good.pk)
    assert str(bad.pk) in caplog.text


def test_an_active_run_has_no_notice(mirror):
    run_row(mirror, state=State.RUNNING)

    assert notices.notify_ended_runs() == 0


@pytest.mark.django_db(transaction=True)
def test_two_schedulers_create_one_notice(mirror):
    run_row(mirror, state=BAD)
    barrier = threading.Barrier(4)

    def scheduler():
        barrier.wait()
        notices.notify_ended_runs()
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
    assert notices.notify_ended_runs() == 1

    assert notices._notify_of_run(read_before) == 0
    assert Notice.objects.count() == 1


def test_the_message_has_the_mirror_the_cause_and_the_link(mirror, channel, receiver, settings):
    settings.URL = "https://registries.example.com"
    run = run_row(
        mirror,
        state=BAD,
        error=stored_error("The registry refused the login.", "Unauthorized"),
    )
    notices.notify_ended_runs()
    notice = Notice.objects.get()

    run_job("notices", str(notice.pk))

    notice.refresh_from_db()
    channel.refresh_from_db()
    sent = bodies(receiver)[0]
    assert notice.state == OK
    assert channel.delivered_at is not None
    assert mirror.name in sent["title"]
    assert "The registry refused the login. Look into" in sent["message"]
    assert f"https://registries.example.com/mirrors/runs/{run.pk}/" in sent["message"]
    assert sent["type"] == "failure"


def test_a_deleted_run_has_no_message(mirror):
    assert notices.run_message(str(uuid.uuid4()), NoticeKind.FAILURE) is None


def test_a_channel_lists_the_mirrors_that_use_it(mirror, channel):
    assert [user.name for user in channel_users(channel)] == [mirror.name]


@pytest.mark.django_db(transaction=True)
def test_a_real_worker_sends_it(mirror, receiver, manage):
    run_row(mirror, state=BAD)
    manage.start_worker("notices")

    notices.notify_ended_runs()

    manage.processes[0].wait_for(lambda: bool(bodies(receiver)), seconds=60)
    manage.processes[0].wait_for(lambda: Notice.objects.get().state == OK, seconds=20)
    assert Notice.objects.get().finished_at <= timezone.now()
