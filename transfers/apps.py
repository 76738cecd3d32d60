from django.apps import AppConfig


class TransfersConfig(AppConfig):
    """The app of transfers and mirrors, which registers itself with the apps below."""

    name = "transfers"

    def ready(self) -> None:
        # Models can be imported only now, when all apps are loaded.
        from registry_ui.accounts.activity.pages import register_page
        from registry_ui.accounts.belongings import register_deletion_summary
        from registry_ui.accounts.departures import register_offboarding
        from registry_ui.registries.dependents import register_dependents
        from registry_ui.web.overview import register_overview_section

        from .departures import (
            MIRROR_OFFBOARDING,
            TRANSFER_OFFBOARDING,
            mirror_deletion_summary,
            transfer_deletion_summary,
        )
        from .dependents import MirrorDependents, TransferDependents
        from .mirrors.overview import section as mirrors_section
        from .models import Mirror, MirrorRun, Transfer, transfer_finished
        from .overview import section
        from .trail import record_end

        # The apps below import nothing from this one: it registers itself with them.
        transfer_finished.connect(record_end, sender=Transfer)
        register_deletion_summary(mirror_deletion_summary)
        register_deletion_summary(transfer_deletion_summary)
        register_dependents(TransferDependents())
        register_dependents(MirrorDependents())
        register_offboarding(TRANSFER_OFFBOARDING)
        register_offboarding(MIRROR_OFFBOARDING)
        register_overview_section(5, mirrors_section)
        register_overview_section(10, section)
        register_page(Transfer, "transfers:detail")
        register_page(Mirror, "mirrors:detail")
        register_page(MirrorRun, "mirrors:run")
