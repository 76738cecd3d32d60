from django.apps import AppConfig


class TransfersConfig(AppConfig):
    name = "transfers"

    def ready(self) -> None:
        from registry_ui.registries.dependents import register_dependents
        from registry_ui.web.overview import register_section

        from .dependents import TransferDependents
        from .overview import section

        register_dependents(TransferDependents())
        register_section(10, section)
