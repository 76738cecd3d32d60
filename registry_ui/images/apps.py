from django.apps import AppConfig


class ImagesConfig(AppConfig):
    name = "registry_ui.images"

    def ready(self) -> None:
        from registry_ui.web.overview import register_section

        from .overview import section

        register_section(30, section)
