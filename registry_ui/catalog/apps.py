from django.apps import AppConfig


class CatalogConfig(AppConfig):
    """The app of the index and its pages."""

    name = "registry_ui.catalog"

    def ready(self) -> None:
        from registry_ui.accounts.offboarding import OFFBOARDINGS
        from registry_ui.accounts.team_extensions import DELETION_SUMMARIES
        from registry_ui.credentials.dependents import DEPENDENT_SOURCES
        from registry_ui.web.overview import OVERVIEW_SECTIONS
        from registry_ui.web.search_sources import SEARCH_SOURCES

        from . import converters
        from .digest_search import find_digest
        from .indexing.shared_runs import SharedIndexRuns
        from .name_search import find_named_image, find_names, find_registries
        from .offboarding import INDEX_OFFBOARDING, summarize_registries
        from .overview import section

        converters.register()
        DEPENDENT_SOURCES.add(SharedIndexRuns())
        DELETION_SUMMARIES.add(summarize_registries)
        OFFBOARDINGS.add(INDEX_OFFBOARDING)
        OVERVIEW_SECTIONS.add(section, order=35)
        SEARCH_SOURCES.add(find_named_image, order=0)
        SEARCH_SOURCES.add(find_digest, order=10)
        SEARCH_SOURCES.add(find_names, order=20)
        SEARCH_SOURCES.add(find_registries, order=50)
