from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "registry_ui.web"

    def ready(self) -> None:
        from .search import search_guide
        from .search_sources import SEARCH_SOURCES

        SEARCH_SOURCES.add(search_guide, order=60)
