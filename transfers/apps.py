from django.apps import AppConfig


class TransfersConfig(AppConfig):
    """The app of transfers."""

    name = "transfers"

    def ready(self) -> None:
        # Models can be imported only now, when all apps are loaded.
        from registry_ui.accounts.audit.object_links import OBJECT_PAGES, ObjectPage
        from registry_ui.accounts.team_extensions import DELETION_SUMMARIES
        from registry_ui.credentials.dependents import DEPENDENT_SOURCES
        from registry_ui.jobs.kinds import JOB_KINDS
        from registry_ui.web.overview import OVERVIEW_SECTIONS

        from .credential_dependents import TransferDependents
        from .deletion_summary import transfer_deletion_summary
        from .models import Transfer
        from .overview import section
        from .queues import TRANSFERS

        JOB_KINDS.add(TRANSFERS)
        DELETION_SUMMARIES.add(transfer_deletion_summary)
        DEPENDENT_SOURCES.add(TransferDependents())
        OVERVIEW_SECTIONS.add(section, order=10)
        OBJECT_PAGES.add(ObjectPage(Transfer, "transfers:detail"))
