from django.apps import AppConfig


class TransfersConfig(AppConfig):
    name = "transfers"

    def ready(self) -> None:
        from registry_ui.accounts.activity.pages import register_page
        from registry_ui.accounts.belongings import register_belongings
        from registry_ui.accounts.departures import register_work
        from registry_ui.registries.dependents import register_dependents
        from registry_ui.web.overview import register_section

        from .departures import MIRROR_WORK, TRANSFER_WORK, mirrors_of, transfers_of
        from .dependents import MirrorDependents, TransferDependents
        from .mirrors.overview import section as mirrors_section
        from .models import Mirror, MirrorRun, Transfer
        from .overview import section

        register_belongings(mirrors_of)
        register_belongings(transfers_of)
        register_dependents(TransferDependents())
        register_dependents(MirrorDependents())
        register_work(TRANSFER_WORK)
        register_work(MIRROR_WORK)
        register_section(5, mirrors_section)
        register_section(10, section)
        register_page(Transfer, "transfers:detail")
        register_page(Mirror, "mirrors:detail")
        register_page(MirrorRun, "mirrors:run")
