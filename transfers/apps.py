from django.apps import AppConfig


class TransfersConfig(AppConfig):
    """The app of transfers."""

    name = "transfers"

    def ready(self) -> None:
        # Models can be imported only now, when all apps are loaded.
        from registry_ui.accounts.audit.object_links import OBJECT_PAGES, ObjectPage
        from registry_ui.accounts.offboarding import OFFBOARDINGS
        from registry_ui.accounts.team_extensions import DELETION_SUMMARIES
        from registry_ui.credentials.dependents import DEPENDENT_SOURCES
        from registry_ui.web.overview import OVERVIEW_SECTIONS

        from .audit_entries import record_end
        from .credential_dependents import TransferDependents
        from .models import Transfer, transfer_finished
        from .offboarding import TRANSFER_OFFBOARDING, transfer_deletion_summary
        from .overview import section

        transfer_finished.connect(record_end, sender=Transfer)
        DELETION_SUMMARIES.add(transfer_deletion_summary)
        DEPENDENT_SOURCES.add(TransferDependents())
        OFFBOARDINGS.add(TRANSFER_OFFBOARDING)
        OVERVIEW_SECTIONS.add(section, order=10)
        OBJECT_PAGES.add(ObjectPage(Transfer, "transfers:detail"))
