from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MirrorsConfig(AppConfig):
    """The app of mirrors."""

    name = "transfers.mirrors"

    def ready(self) -> None:
        from registry_ui.accounts.audit.object_links import OBJECT_PAGES, ObjectPage
        from registry_ui.accounts.team_extensions import DELETION_SUMMARIES
        from registry_ui.credentials.dependents import DEPENDENT_SOURCES
        from registry_ui.jobs.kinds import JOB_KINDS
        from registry_ui.jobs.scheduled_tasks import SCHEDULED_TASKS, ScheduledTask
        from registry_ui.notifications.messages import CHANNEL_USERS, MESSAGE_WRITERS, MessageWriter
        from registry_ui.web.overview import OVERVIEW_SECTIONS

        from .credential_dependents import MirrorDependents
        from .deletion_summary import mirror_deletion_summary
        from .models import Mirror, MirrorRun
        from .notices import mirrors_of_channel, run_message
        from .overview import section
        from .run_queue import MIRROR_RUNS

        DELETION_SUMMARIES.add(mirror_deletion_summary)
        DEPENDENT_SOURCES.add(MirrorDependents())
        JOB_KINDS.add(MIRROR_RUNS)
        MESSAGE_WRITERS.add(MessageWriter(MirrorRun, run_message))
        CHANNEL_USERS.add(mirrors_of_channel)
        OVERVIEW_SECTIONS.add(section, order=5)
        OBJECT_PAGES.add(ObjectPage(Mirror, "mirrors:detail"))
        OBJECT_PAGES.add(ObjectPage(MirrorRun, "mirrors:run"))
        SCHEDULED_TASKS.add(
            ScheduledTask(
                "transfers.mirrors.services.due_mirrors.start_due_mirrors",
                _("Start due mirrors"),
                5,
            )
        )
        SCHEDULED_TASKS.add(
            ScheduledTask(
                "transfers.mirrors.notices.notify_ended_runs", _("Send notifications of mirrors"), 5
            )
        )
        SCHEDULED_TASKS.add(
            ScheduledTask(
                "transfers.mirrors.services.retention.record_reconciled_runs",
                _("Record ended mirror runs"),
                10,
            )
        )
        SCHEDULED_TASKS.add(
            ScheduledTask(
                "transfers.mirrors.services.retention.delete_old_mirror_runs",
                _("Delete old mirror runs"),
                3600,
            )
        )
