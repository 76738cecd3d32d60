from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "registry_ui.web"

    def ready(self) -> None:
        from .search import search_guide
        from .search_sources import register_search_source

        register_search_source(60, search_guide)
