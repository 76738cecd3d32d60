from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "registry_ui.web"

    def ready(self) -> None:
        from .search import find_in_guide
        from .searching import register_source

        register_source(60, find_in_guide)
