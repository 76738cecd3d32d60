"""The delivery of a notice, at most once."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from registry_ui.jobs.models import State
from registry_ui.jobs.runner import JobRun
from registry_ui.oci.errors import StoredError

from .messages import message_of
from .models import Notice, NotificationChannel
from .sender import deliver


class NoticeJobRun(JobRun[Notice]):
    """The run of a notice: one message to one channel."""

    title = "Notice"

    def execute(self) -> tuple[State, dict[str, Any]]:
        # An earlier worker died during the delivery. A lost notice is better than a second one.
        if self.job.attempt > 1:
            return State.FAILED, {"error": delivery_error()}

        message = message_of(self.job)
        if message is None:
            return State.FAILED, {"error": _gone_error()}

        is_delivered = deliver(
            self.job.channel.address.reveal(),
            title=message.title,
            body=message.body,
            is_bad=message.is_bad,
        )
        if not is_delivered:
            return State.FAILED, {"error": delivery_error()}
        return State.SUCCEEDED, {"error": None}

    def finish(self, state: State, values: dict[str, Any]) -> bool:
        channels = NotificationChannel.objects.filter(pk=self.job.channel_id)
        with transaction.atomic():
            if not super().finish(state, values):
                return False

            if state is State.SUCCEEDED:
                channels.update(delivered_at=timezone.now(), failed_at=None)
            else:
                # The first failure stays, so that the page shows since when.
                channels.filter(failed_at=None).update(failed_at=timezone.now())
        return True


def delivery_error() -> StoredError:
    """Return the error of an undelivered notice.

    It is the same for a closed port, an open one, a blocked address and a refusal, so that it
    reveals nothing about the network.
    """
    return {"kind": "Undelivered", "code": "notice_not_delivered", "parameters": {}}


def _gone_error() -> StoredError:
    return {"kind": "ObjectRemoved", "code": "notice_object_removed", "parameters": {}}
