from typing import Any

from django.apps import AppConfig
from django.core.checks import Tags, register
from django.db.models.signals import post_save, pre_delete


class RegistriesConfig(AppConfig):
    name = "registry_ui.registries"

    def ready(self) -> None:
        from registry_ui.accounts.activity.pages import register_page
        from registry_ui.accounts.belongings import register_deletion_summary
        from registry_ui.accounts.departures import register_offboarding
        from registry_ui.accounts.models import Team
        from registry_ui.web.overview import register_overview_section
        from registry_ui.web.searching import register_search_source

        from . import converters
        from .checks import check_stored_secrets
        from .departures import INDEX_OFFBOARDING, summarize_registries
        from .dependents import register_dependents, stop_before_deletion
        from .indexing.borrowing import SharedIndexRuns
        from .locating import find_digest
        from .models import Credential, Registry
        from .overview import section
        from .searching import find_named_image, find_names, find_registries

        converters.register()
        register(check_stored_secrets, Tags.database)
        post_save.connect(
            _add_default_registries, sender=Team, dispatch_uid="registries.add_default_registries"
        )
        pre_delete.connect(
            stop_before_deletion, sender=Credential, dispatch_uid="registries.stop_before_deletion"
        )
        register_dependents(SharedIndexRuns())
        register_deletion_summary(summarize_registries)
        register_offboarding(INDEX_OFFBOARDING)
        register_overview_section(30, section)
        register_page(Registry, "registries:detail")
        register_page(Credential, "registries:credential")
        # The order in which the search page shows the groups.
        for order, source in (
            (0, find_named_image),
            (10, find_digest),
            (20, find_names),
            (50, find_registries),
        ):
            register_search_source(order, source)


def _add_default_registries(instance: Any, created: bool, raw: bool, **_kwargs: Any) -> None:
    from .services import create_default_registries

    # `raw`: loaddata brings the rows along.
    if created and not raw:
        create_default_registries(instance)
