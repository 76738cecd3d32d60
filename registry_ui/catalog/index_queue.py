"""The queue of index runs.

It is a queue of its own, so that indexing 100,000 repositories does not delay a pull.
"""

from registry_ui.jobs.queues import JobQueue

from .models import IndexRun

INDEX_RUNS = JobQueue("index", "registry_ui.catalog.index_jobs.run_index", IndexRun)
