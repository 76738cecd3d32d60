"""The delivery of a notice: at most once, and with the same error for every failure."""

import json
import uuid

import pytest

from registry_ui.accounts.models import Membership, Team
from registry_ui.jobs.models import State
from registry_ui.jobs.runner import run_job
from registry_ui.notifications import services
from registry_ui.notifications.messages import MESSAGE_WRITERS, Message, MessageWriter
from registry_ui.notifications.models import Notice, NoticeKind
from tests.parts.scripted_server import Reply

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]

OK, BAD = State.SUCCEEDED, State.FAILED


def bodies(server):
    return [json.loads(call.body) for call in server.made("POST")]


def _write(key: str, kind: NoticeKind) -> Message:
    return Message(f"{kind} of {key}", "body", is_bad=True)


@pytest.fixture
def notice(channel, team, monkeypatch):
    """A notice about the team, whose message names it."""
    monkeypatch.setattr(MESSAGE_WRITERS, "_items", [])
    MESSAGE_WRITERS.add(MessageWriter(Team, _write))
    [notice] = services.notify([channel], NoticeKind.FAILURE, team, team=team)
    return notice


def test_the_message_is_that_of_the_objects_app(notice, channel, team, receiver):
    run_job("notices", str(notice.pk))

    notice.refresh_from_db()
    channel.refresh_from_db()
    assert bodies(receiver)[0]["title"] == f"failure of {team.pk}"
    assert bodies(receiver)[0]["type"] == "failure"
    assert notice.state == OK
    assert channel.delivered_at is not None


def test_it_is_sent_once_even_if_the_job_repeats(notice, receiver):
    for _number in range(3):
        run_job("notices", str(notice.pk))

    assert len(bodies(receiver)) == 1


def test_a_notice_of_a_dead_worker_is_not_sent_again(notice, receiver):
    Notice.objects.update(attempt=1)

    run_job("notices", str(notice.pk))

    assert bodies(receiver) == []
    assert Notice.objects.get().state == BAD


def test_a_notice_about_a_removed_object_is_not_sent(notice, receiver, monkeypatch):
    monkeypatch.setattr(MESSAGE_WRITERS, "_items", [])
    MESSAGE_WRITERS.add(MessageWriter(Team, lambda key, kind: None))

    run_job("notices", str(notice.pk))

    assert bodies(receiver) == []
    assert Notice.objects.get().error["kind"] == "ObjectRemoved"


def test_an_unknown_id_does_nothing():
    run_job("notices", str(uuid.uuid4()))


def outcome_of_test(channel, user):
    notice = services.test_channel(channel=channel, user=user)
    run_job("notices", str(notice.pk))
    notice.refresh_from_db()
    return notice


def test_open_closed_and_blocked_give_the_same_message(team, alice, receiver, settings):
    receiver.on("POST", "/refuses/?", Reply(404))
    addresses = [
        f"json://{receiver.host}/refuses",
        "json://127.0.0.1:1/",
        "json://169.254.169.254/",
        "json://no-such-host.invalid/",
    ]
    errors = []
    for number, address in enumerate(addresses):
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
    receiver.on("POST", "/hook/?", Reply(302, headers={"Location": f"{receiver.url}/other"}))

    assert outcome_of_test(channel, alice).state == BAD
    assert not receiver.made("GET")
    assert not receiver.made("POST", "/other/?")


def test_the_test_of_a_former_admin_is_not_sent(channel, alice, receiver):
    notice = services.test_channel(channel=channel, user=alice)
    Membership.objects.filter(user=alice).update(role="viewer")

    run_job("notices", str(notice.pk))

    assert bodies(receiver) == []


def test_another_key_opens_no_address(channel, alice, settings, receiver):
    settings.ENCRYPTION_KEYS = ["MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="]

    notice = outcome_of_test(channel, alice)

    assert notice.error["kind"] == "DecryptionFailed"
    assert bodies(receiver) == []
