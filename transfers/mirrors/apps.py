from django.apps import AppConfig


class MirrorsConfig(AppConfig):
    """The app of mirrors, which registers itself with the apps below."""

    name = "transfers.mirrors"

    def ready(self) -> None:
        from registry_ui.accounts.audit.object_links import register_page
        from registry_ui.accounts.deletion_summary import register_deletion_summary
        from registry_ui.accounts.offboarding import register_offboarding
        from registry_ui.credentials.dependents import register_dependents
        from registry_ui.notifications.messages import register_channel_users, register_messages
        from registry_ui.web.overview import register_overview_section

        from .credential_dependents import MirrorDependents
        from .models import Mirror, MirrorRun
        from .notices import mirrors_of_channel, run_message
        from .offboarding import MIRROR_OFFBOARDING, mirror_deletion_summary
        from .overview import section

        register_deletion_summary(mirror_deletion_summary)
        register_dependents(MirrorDependents())
        register_offboarding(MIRROR_OFFBOARDING)
        register_messages(MirrorRun, run_message)
        register_channel_users(mirrors_of_channel)
        register_overview_section(5, section)
        register_page(Mirror, "mirrors:detail")
        register_page(MirrorRun, "mirrors:run")
