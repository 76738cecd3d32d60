from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_save


class RegistriesConfig(AppConfig):
    """The app of registry rows, which registers itself with the apps below."""

    name = "registry_ui.registries"

    def ready(self) -> None:
        from registry_ui.accounts.audit.object_links import register_page
        from registry_ui.accounts.models import Team

        from .models import Registry

        post_save.connect(
            _add_default_registries, sender=Team, dispatch_uid="registries.add_default_registries"
        )
        register_page(Registry, "registries:detail")


def _add_default_registries(instance: Any, created: bool, raw: bool, **_kwargs: Any) -> None:
    from .services import create_default_registries

    # `raw`: loaddata brings the rows along.
    if created and not raw:
        create_default_registries(instance)
