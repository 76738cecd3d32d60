from typing import Any

from django.apps import AppConfig
from django.core.checks import Tags, register
from django.db.models.signals import post_save, pre_delete


class RegistriesConfig(AppConfig):
    name = "registry_ui.registries"

    def ready(self) -> None:
        from registry_ui.accounts.activity.pages import register_page
        from registry_ui.accounts.belongings import register_belongings
        from registry_ui.accounts.departures import register_work
        from registry_ui.accounts.models import Team
        from registry_ui.web.overview import register_section
        from registry_ui.web.searching import register_source

        from . import converters
        from .checks import stored_secrets_open
        from .departures import INDEX_WORK, registries_of
        from .dependents import register_dependents, stop_before_removal
        from .indexing.borrowing import BorrowedLooks
        from .locating import find_digest
        from .models import Credential, Registry
        from .overview import section
        from .searching import find_named_image, find_names, find_registries

        converters.register()
        register(stored_secrets_open, Tags.database)
        post_save.connect(_equip_team, sender=Team, dispatch_uid="registries.equip_team")
        pre_delete.connect(
            stop_before_removal, sender=Credential, dispatch_uid="registries.stop_before_removal"
        )
        register_dependents(BorrowedLooks())
        register_belongings(registries_of)
        register_work(INDEX_WORK)
        register_section(30, section)
        register_page(Registry, "registries:detail")
        register_page(Credential, "registries:credential")
        for order, source in (
            (0, find_named_image),
            (10, find_digest),
            (20, find_names),
            (50, find_registries),
        ):
            register_source(order, source)


def _equip_team(instance: Any, created: bool, raw: bool, **_kwargs: Any) -> None:
    """Docker Hub is there from the start."""
    from .services import create_default_registries

    if created and not raw:
        create_default_registries(instance)
