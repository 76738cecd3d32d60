from django.apps import AppConfig
from django.core.checks import Tags, register
from django.db.models.signals import pre_delete
from django.utils.translation import gettext_lazy as _


class CredentialsConfig(AppConfig):
    """The app of credentials and their shares."""

    name = "registry_ui.credentials"

    def ready(self) -> None:
        from registry_ui.accounts.audit.object_links import OBJECT_PAGES, ObjectPage
        from registry_ui.jobs.scheduled_tasks import SCHEDULED_TASKS, ScheduledTask

        from .checks import check_stored_secrets
        from .dependents import stop_before_deletion
        from .models import Credential

        register(check_stored_secrets, Tags.database)
        pre_delete.connect(
            stop_before_deletion, sender=Credential, dispatch_uid="credentials.stop_before_deletion"
        )
        OBJECT_PAGES.add(ObjectPage(Credential, "registries:credential"))
        SCHEDULED_TASKS.add(
            ScheduledTask(
                "registry_ui.credentials.connection_test.check_overdue_registries",
                _("Check registries and credentials"),
                60,
            )
        )
