"""The job queue of notices."""

from registry_ui.jobs.queues import JobQueue

from ..models import Notice

NOTICES = JobQueue("notices", "transfers.mirrors.jobs.send_notice", Notice)
