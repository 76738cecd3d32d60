"""The delivery of a claimed notice, at most once."""

from django.utils import timezone
from django.utils.translation import gettext as _

from registry_ui.accounts.models import Role
from registry_ui.jobs.models import State
from registry_ui.jobs.rights import check_requester
from registry_ui.oci.errors import OciError
from transfers.mirrors.notifications.texts import notice_text

from ..models.notice import Notice, NotificationChannel
from .sender import deliver


def send(notice: Notice) -> None:
    """Deliver a claimed notice and finish its row."""
    notice = Notice.objects.select_related(
        "channel", "team", "run__mirror__source_registry", "run__mirror__target_registry"
    ).get(pk=notice.pk)
    if notice.attempt > 1:
        # An earlier worker died during the delivery. A lost notice is better than a second one.
        finish(notice, delivered=False)
        return

    text = notice_text(notice)
    try:
        check_requester(notice, Role.ADMIN)
        delivered = deliver(
            notice.channel.address.reveal(), title=text.title, body=text.body, is_bad=text.is_bad
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
