"""The function that RQ calls. A job carries only the id of a row."""

import uuid

from registry_ui.jobs.queues import worker_name

from .delivery import send
from .models import Notice


def send_notice(notice_id: str) -> None:
    """Send a queued notice, unless another worker has claimed it."""
    notice = Notice.claim_for_run(uuid.UUID(notice_id), worker_name())
    if notice is not None:
        send(notice)
