"""The messages of notices, and what uses a channel: the apps above register both here."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Model
from django.utils.translation import gettext as _

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

_writers: dict[str, Writer] = {}
_listers: list[UserLister] = []


def register_messages(model: type[Model], writer: Writer) -> None:
    """Register the function that writes the messages about objects of a model."""
    _writers[object_kind(model)] = writer


def register_channel_users(lister: UserLister) -> None:
    if lister not in _listers:
        _listers.append(lister)


def object_kind(model: type[Model]) -> str:
    """Return the name of a model in notices: `mirrors.mirrorrun`."""
    return str(model._meta.label_lower)


def message_of(notice: Notice) -> Message | None:
    """Return the message of a notice; None where its object is gone."""
    if notice.kind == NoticeKind.TEST:
        return _test_message(notice)

    writer = _writers.get(notice.object_kind)
    return writer(notice.object_key, NoticeKind(notice.kind)) if writer else None


def channel_users(channel: NotificationChannel) -> list[ChannelUser]:
    """Return the objects that use a channel, by name."""
    users = [user for lister in _listers for user in lister(channel)]
    return sorted(users, key=lambda user: user.name)


def _test_message(notice: Notice) -> Message:
    params = {"channel": notice.channel.name, "team": notice.team.name}
    return Message(
        _("Registry UI: test message"),
        _("The notification channel “%(channel)s” of the team %(team)s works.") % params,
    )
