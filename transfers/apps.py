from django.apps import AppConfig


class TransfersConfig(AppConfig):
    name = "transfers"

    def ready(self) -> None:
        from registry_ui.web.overview import register_section

        from .overview import section

        register_section(10, section)
