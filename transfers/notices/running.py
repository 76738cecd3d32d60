"""Sends a notice that a worker has claimed. One that may have left already is not sent a second time."""

from django.utils import timezone
from django.utils.translation import gettext as _

from registry_ui.accounts.models import Role
from registry_ui.jobs.models import State
from registry_ui.jobs.rights import check_person
from registry_ui.oci.errors import OciError

from ..models import Notice, NotificationChannel
from .sending import deliver
from .texts import text_of


def send(notice: Notice) -> None:
    """Bring a claimed notice to its end."""
    notice = Notice.objects.select_related(
        "channel", "team", "run__mirror__source_registry", "run__mirror__target_registry"
    ).get(pk=notice.pk)
    if notice.attempt > 1:
        # The worker before died on the way; twice would be worse than perhaps.
        finish(notice, delivered=False)
        return
    text = text_of(notice)
    try:
        check_person(notice, Role.ADMIN)
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
    notice.finish(State.FAILED, error=error or undelivered())
    channels.filter(failed_at=None).update(failed_at=timezone.now())


def undelivered() -> dict[str, str]:
    """The same for a closed port, an open one, one that this installation does not connect to, and a service that says no."""
    return {
        "kind": "Undelivered",
        "message": _("The message was not delivered."),
        "advice": _(
            "Check the address and its token, and whether this machine may reach the service. Then send a test."
        ),
    }
