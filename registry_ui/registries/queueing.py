"""The queue of index runs.

It is a queue of its own, so that indexing 100,000 repositories does not delay a pull.
"""

from registry_ui.jobs.queueing import JobQueue

from .models import IndexRun

INDEX_RUNS = JobQueue("index", "registry_ui.registries.jobs.run_index", IndexRun)
