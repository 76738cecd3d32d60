from typing import Any

from django.apps import AppConfig
from django.core.checks import Tags, register
from django.db.models.signals import post_save


class RegistriesConfig(AppConfig):
    name = "registry_ui.registries"

    def ready(self) -> None:
        from registry_ui.accounts.models import Team
        from registry_ui.web.overview import register_section

        from .checks import stored_secrets_open
        from .overview import section

        register(stored_secrets_open, Tags.database)
        post_save.connect(_equip_team, sender=Team, dispatch_uid="registries.equip_team")
        register_section(30, section)


def _equip_team(instance: Any, created: bool, raw: bool, **_kwargs: Any) -> None:
    """Docker Hub is there from the start."""
    from .services import create_default_registries

    if created and not raw:
        create_default_registries(instance)
