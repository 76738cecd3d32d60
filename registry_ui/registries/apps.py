from django.apps import AppConfig


class RegistriesConfig(AppConfig):
    """The app of registry rows."""

    name = "registry_ui.registries"

    def ready(self) -> None:
        from registry_ui.accounts.audit.object_links import OBJECT_PAGES, ObjectPage
        from registry_ui.accounts.team_extensions import NEW_TEAM_SETUPS

        from .models import Registry
        from .services import create_default_registries

        NEW_TEAM_SETUPS.add(create_default_registries)
        OBJECT_PAGES.add(ObjectPage(Registry, "registries:detail"))
