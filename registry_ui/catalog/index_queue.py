"""Index runs as a kind of background jobs.

Their queue is their own, so that indexing 100,000 repositories does not delay a pull.
"""

from django.urls import reverse
from django.utils.translation import gettext as _

from registry_ui.jobs.kinds import JobKind

from .models import IndexRun


def _describe(run: IndexRun) -> str:
    return _("Refresh %(name)s") % {"name": f"{run.registry.host}/{run.repository}".rstrip("/")}


INDEX_RUNS = JobKind(
    name="index",
    model=IndexRun,
    run_class="registry_ui.catalog.indexing.run_execution.IndexJobRun",
    describe=_describe,
    url=lambda run: reverse("registries:repositories", args=[run.registry_id]),
)
