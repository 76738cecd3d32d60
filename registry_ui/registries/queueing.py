"""The queue that carries index runs: its own, so that a look at 100,000 repositories keeps no pull waiting."""

from registry_ui.jobs.queueing import JobQueue

from .models import IndexRun

INDEX_RUNS = JobQueue("index", "registry_ui.registries.jobs.run_index", IndexRun)
