"""The messages of notices, and what uses a channel: the apps above add both."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Model
from django.utils.translation import gettext as _

from registry_ui.web.extension import Extension

from .models import Notice, NoticeKind, NotificationChannel


@dataclass(frozen=True, slots=True)
class Message:
    title: str
    body: str
    is_bad: bool = False


@dataclass(frozen=True, slots=True)
class ChannelUser:
    """An object that sends its notices to a channel, such as a mirror."""

    name: str
    url: str


# Takes the key of an object; returns None where the object is gone.
Writer = Callable[[str, NoticeKind], Message | None]
UserLister = Callable[[NotificationChannel], list[ChannelUser]]


@dataclass(frozen=True, slots=True)
class MessageWriter:
    """The function that writes the messages about objects of a model."""

    model: type[Model]
    write: Writer


MESSAGE_WRITERS: Extension[MessageWriter] = Extension()
CHANNEL_USERS: Extension[UserLister] = Extension()


def object_kind(model: type[Model]) -> str:
    """Return the name of a model in notices: `mirrors.mirrorrun`."""
    return str(model._meta.label_lower)


def message_of(notice: Notice) -> Message | None:
    """Return the message of a notice; None where its object is gone."""
    if notice.kind == NoticeKind.TEST:
        return _test_message(notice)

    for writer in MESSAGE_WRITERS:
        if object_kind(writer.model) == notice.object_kind:
            return writer.write(notice.object_key, NoticeKind(notice.kind))
    return None


def channel_users(channel: NotificationChannel) -> list[ChannelUser]:
    """Return the objects that use a channel, by name."""
    users = [user for lister in CHANNEL_USERS for user in lister(channel)]
    return sorted(users, key=lambda user: user.name)


def _test_message(notice: Notice) -> Message:
    params = {"channel": notice.channel.name, "team": notice.team.name}
    return Message(
        _("Registry UI: test message"),
        _("The notification channel “%(channel)s” of the team %(team)s works.") % params,
    )
