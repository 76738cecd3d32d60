"""The queue that carries transfers."""

from registry_ui.jobs.queueing import JobQueue

from .models import Transfer

TRANSFERS = JobQueue("transfers", "transfers.jobs.run_transfer", Transfer)
