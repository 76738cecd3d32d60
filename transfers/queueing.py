"""The job queues of transfers and notices."""

from registry_ui.jobs.queueing import JobQueue

from .models import Notice, Transfer

TRANSFERS = JobQueue("transfers", "transfers.jobs.run_transfer", Transfer)
NOTICES = JobQueue("notices", "transfers.jobs.send_notice", Notice)
