from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class JobsConfig(AppConfig):
    """The app of background jobs and scheduled tasks."""

    name = "registry_ui.jobs"

    def ready(self) -> None:
        from django.core.checks import register

        from registry_ui.accounts.offboarding import OFFBOARDINGS
        from registry_ui.web.health import HEALTH_CHECKS

        from .kinds import check_worker_groups
        from .offboarding import JobOffboarding
        from .scheduled_tasks import SCHEDULED_TASKS, ScheduledTask, check_scheduler

        register(check_worker_groups)
        OFFBOARDINGS.add(JobOffboarding())
        HEALTH_CHECKS.add(check_scheduler)
        SCHEDULED_TASKS.add(
            ScheduledTask(
                "registry_ui.jobs.reconciler.reconcile_jobs", _("Check background jobs"), 10
            )
        )
        # The apps below cannot add their tasks themselves.
        SCHEDULED_TASKS.add(
            ScheduledTask(
                "registry_ui.accounts.audit.chain.seal_audit_log", _("Seal the audit log"), 5
            )
        )
        SCHEDULED_TASKS.add(
            ScheduledTask(
                "registry_ui.jobs.scheduler.delete_expired_sessions",
                _("Delete expired sessions"),
                3600,
            )
        )
