from django.apps import AppConfig


class ImagesConfig(AppConfig):
    name = "registry_ui.images"

    def ready(self) -> None:
        from registry_ui.web.overview import register_section
        from registry_ui.web.searching import register_source

        from .overview import section
        from .searching import find_local_images

        register_section(30, section)
        register_source(40, find_local_images)
