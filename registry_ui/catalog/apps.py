from django.apps import AppConfig


class CatalogConfig(AppConfig):
    """The app of the index and its pages, which registers itself with the apps below."""

    name = "registry_ui.catalog"

    def ready(self) -> None:
        from registry_ui.accounts.deletion_summary import register_deletion_summary
        from registry_ui.accounts.offboarding import register_offboarding
        from registry_ui.credentials.dependents import register_dependents
        from registry_ui.web.overview import register_overview_section
        from registry_ui.web.search_sources import register_search_source

        from . import converters
        from .digest_search import find_digest
        from .indexing.shared_runs import SharedIndexRuns
        from .name_search import find_named_image, find_names, find_registries
        from .offboarding import INDEX_OFFBOARDING, summarize_registries
        from .overview import section

        converters.register()
        register_dependents(SharedIndexRuns())
        register_deletion_summary(summarize_registries)
        register_offboarding(INDEX_OFFBOARDING)
        register_overview_section(35, section)
        # The order in which the search page shows the groups.
        for order, source in (
            (0, find_named_image),
            (10, find_digest),
            (20, find_names),
            (50, find_registries),
        ):
            register_search_source(order, source)
