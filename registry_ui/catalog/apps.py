from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CatalogConfig(AppConfig):
    """The app of the index and its pages."""

    name = "registry_ui.catalog"

    def ready(self) -> None:
        from registry_ui.accounts.team_extensions import DELETION_SUMMARIES
        from registry_ui.credentials.dependents import DEPENDENT_SOURCES
        from registry_ui.jobs.kinds import JOB_KINDS
        from registry_ui.jobs.scheduled_tasks import SCHEDULED_TASKS, ScheduledTask
        from registry_ui.web.overview import OVERVIEW_SECTIONS
        from registry_ui.web.search_sources import SEARCH_SOURCES

        from . import converters
        from .deletion_summary import summarize_registries
        from .digest_search import find_digest
        from .index_queue import INDEX_RUNS
        from .indexing.shared_runs import SharedIndexRuns
        from .name_search import find_named_image, find_names, find_registries
        from .overview import section

        converters.register()
        DEPENDENT_SOURCES.add(SharedIndexRuns())
        DELETION_SUMMARIES.add(summarize_registries)
        JOB_KINDS.add(INDEX_RUNS)
        OVERVIEW_SECTIONS.add(section, order=35)
        SEARCH_SOURCES.add(find_named_image, order=0)
        SEARCH_SOURCES.add(find_digest, order=10)
        SEARCH_SOURCES.add(find_names, order=20)
        SEARCH_SOURCES.add(find_registries, order=50)
        SCHEDULED_TASKS.add(
            ScheduledTask(
                "registry_ui.catalog.indexing.index_services.start_due_index_runs",
                _("Start due index runs"),
                15,
            )
        )
        SCHEDULED_TASKS.add(
            ScheduledTask(
                "registry_ui.catalog.indexing.retention.delete_old_index_runs",
                _("Delete old index runs"),
                3600,
            )
        )
