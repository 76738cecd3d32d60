"""The job queue of transfers."""

from registry_ui.jobs.queues import JobQueue

from .models import Transfer

TRANSFERS = JobQueue("transfers", "transfers.jobs.run_transfer", Transfer)
