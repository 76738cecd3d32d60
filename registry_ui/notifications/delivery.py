"""The delivery of a claimed notice, at most once."""

from django.utils import timezone
from django.utils.translation import gettext as _

from registry_ui.accounts.models import Role
from registry_ui.jobs.models import State
from registry_ui.jobs.rights import check_requester
from registry_ui.oci.errors import OciError

from .messages import message_of
from .models import Notice, NotificationChannel
from .sender import deliver


def send(notice: Notice) -> None:
    """Deliver a claimed notice and finish its row."""
    notice = Notice.objects.select_related("channel", "team").get(pk=notice.pk)
    if notice.attempt > 1:
        # An earlier worker died during the delivery. A lost notice is better than a second one.
        finish(notice, delivered=False)
        return

    message = message_of(notice)
    if message is None:
        finish(notice, delivered=False, error=_gone_error())
        return

    try:
        check_requester(notice, Role.ADMIN)
        delivered = deliver(
            notice.channel.address.reveal(),
            title=message.title,
            body=message.body,
            is_bad=message.is_bad,
        )
    except OciError as exc:
        finish(
            notice,
            delivered=False,
            error={"kind": type(exc).__name__, "message": exc.message, "advice": exc.advice},
        )
        return

    finish(notice, delivered=delivered)


def finish(notice: Notice, *, delivered: bool, error: dict[str, str] | None = None) -> None:
    channels = NotificationChannel.objects.filter(pk=notice.channel_id)
    if delivered:
        notice.finish(State.SUCCEEDED)
        channels.update(delivered_at=timezone.now(), failed_at=None)
        return
    notice.finish(State.FAILED, error=error or delivery_error())

    # The first failure stays, so that the page shows since when.
    channels.filter(failed_at=None).update(failed_at=timezone.now())


def delivery_error() -> dict[str, str]:
    """Return the error of an undelivered notice.

    It is the same for a closed port, an open one, a blocked address and a refusal, so that it
    reveals nothing about the network.
    """
    return {
        "kind": "Undelivered",
        "message": _("The message was not delivered."),
        "advice": _(
            "Check the address and its token, and whether this machine may reach the service. "
            "Then send a test."
        ),
    }


def _gone_error() -> dict[str, str]:
    return {
        "kind": "ObjectRemoved",
        "message": _("The object of this message was removed before it was sent."),
        "advice": "",
    }
