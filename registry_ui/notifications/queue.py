"""The job queue of notices."""

from registry_ui.jobs.queues import JobQueue

from .models import Notice

NOTICES = JobQueue("notices", "registry_ui.notifications.jobs.send_notice", Notice)
