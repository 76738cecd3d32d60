from django.apps import AppConfig
from django.core.checks import Tags, register
from django.db.models.signals import pre_delete


class CredentialsConfig(AppConfig):
    """The app of credentials and their shares."""

    name = "registry_ui.credentials"

    def ready(self) -> None:
        from registry_ui.accounts.audit.object_links import OBJECT_PAGES, ObjectPage

        from .checks import check_stored_secrets
        from .dependents import stop_before_deletion
        from .models import Credential

        register(check_stored_secrets, Tags.database)
        pre_delete.connect(
            stop_before_deletion, sender=Credential, dispatch_uid="credentials.stop_before_deletion"
        )
        OBJECT_PAGES.add(ObjectPage(Credential, "registries:credential"))
