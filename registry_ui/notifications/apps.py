from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NotificationsConfig(AppConfig):
    """The app of notification channels, and of the notices that other apps send to them."""

    name = "registry_ui.notifications"

    def ready(self) -> None:
        from registry_ui.jobs.kinds import JOB_KINDS
        from registry_ui.jobs.scheduled_tasks import SCHEDULED_TASKS, ScheduledTask

        from .queue import NOTICES

        JOB_KINDS.add(NOTICES)
        SCHEDULED_TASKS.add(
            ScheduledTask(
                "registry_ui.notifications.services.delete_old_notices",
                _("Delete old notices"),
                3600,
            )
        )
