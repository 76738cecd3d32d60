from django.apps import AppConfig


class TransfersConfig(AppConfig):
    """The app of transfers, which registers itself with the apps below."""

    name = "transfers"

    def ready(self) -> None:
        # Models can be imported only now, when all apps are loaded.
        from registry_ui.accounts.audit.object_links import register_page
        from registry_ui.accounts.deletion_summary import register_deletion_summary
        from registry_ui.accounts.offboarding import register_offboarding
        from registry_ui.credentials.dependents import register_dependents
        from registry_ui.web.overview import register_overview_section

        from .audit_entries import record_end
        from .credential_dependents import TransferDependents
        from .models import Transfer, transfer_finished
        from .offboarding import TRANSFER_OFFBOARDING, transfer_deletion_summary
        from .overview import section

        # The apps below import nothing from this one: it registers itself with them.
        transfer_finished.connect(record_end, sender=Transfer)
        register_deletion_summary(transfer_deletion_summary)
        register_dependents(TransferDependents())
        register_offboarding(TRANSFER_OFFBOARDING)
        register_overview_section(10, section)
        register_page(Transfer, "transfers:detail")
