import pytest

from registry_ui.accounts.models import Team
from registry_ui.notifications import services
from registry_ui.notifications.messages import (
    CHANNEL_USERS,
    MESSAGE_WRITERS,
    ChannelUser,
    Message,
    MessageWriter,
    channel_users,
    message_of,
    object_kind,
)
from registry_ui.notifications.models import Notice, NoticeKind
from registry_ui.registries.models import Registry

pytestmark = pytest.mark.django_db


@pytest.fixture
def writers(monkeypatch):
    monkeypatch.setattr(MESSAGE_WRITERS, "_items", [])
    return MESSAGE_WRITERS


def notice_about(channel, team, kind=NoticeKind.FAILURE):
    [notice] = services.notify([channel], kind, team, team=team)
    return notice


def test_the_message_comes_from_the_writer_of_the_objects_model(channel, team, writers):
    writers.add(MessageWriter(Registry, lambda key, kind: Message("wrong", "")))
    writers.add(MessageWriter(Team, lambda key, kind: Message(f"{kind} {key}", "")))

    assert message_of(notice_about(channel, team)) == Message(f"failure {team.pk}", "")


def test_without_a_writer_or_an_object_there_is_no_message(channel, team, writers):
    notice = notice_about(channel, team)
    assert message_of(notice) is None

    writers.add(MessageWriter(Team, lambda key, kind: None))
    assert message_of(notice) is None


def test_a_test_message_names_the_channel_and_needs_no_writer(channel, team, writers):
    notice = Notice(channel=channel, team=team, kind=NoticeKind.TEST)

    message = message_of(notice)

    assert channel.name in message.body
    assert not message.is_bad


def test_the_users_of_a_channel_are_those_of_all_apps_by_name(channel, monkeypatch):
    monkeypatch.setattr(CHANNEL_USERS, "_items", [])
    CHANNEL_USERS.add(lambda channel: [ChannelUser("nightly", "/2/"), ChannelUser("base", "/1/")])
    CHANNEL_USERS.add(lambda channel: [ChannelUser("hourly", "/3/")])

    assert [user.name for user in channel_users(channel)] == ["base", "hourly", "nightly"]


def test_the_kind_of_an_object_names_its_app_and_model():
    assert object_kind(Team) == "accounts.team"
