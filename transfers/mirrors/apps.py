from django.apps import AppConfig


class MirrorsConfig(AppConfig):
    """The app of mirrors."""

    name = "transfers.mirrors"

    def ready(self) -> None:
        from registry_ui.accounts.audit.object_links import OBJECT_PAGES, ObjectPage
        from registry_ui.accounts.offboarding import OFFBOARDINGS
        from registry_ui.accounts.team_extensions import DELETION_SUMMARIES
        from registry_ui.credentials.dependents import DEPENDENT_SOURCES
        from registry_ui.notifications.messages import CHANNEL_USERS, MESSAGE_WRITERS, MessageWriter
        from registry_ui.web.overview import OVERVIEW_SECTIONS

        from .credential_dependents import MirrorDependents
        from .models import Mirror, MirrorRun
        from .notices import mirrors_of_channel, run_message
        from .offboarding import MIRROR_OFFBOARDING, mirror_deletion_summary
        from .overview import section

        DELETION_SUMMARIES.add(mirror_deletion_summary)
        DEPENDENT_SOURCES.add(MirrorDependents())
        OFFBOARDINGS.add(MIRROR_OFFBOARDING)
        MESSAGE_WRITERS.add(MessageWriter(MirrorRun, run_message))
        CHANNEL_USERS.add(mirrors_of_channel)
        OVERVIEW_SECTIONS.add(section, order=5)
        OBJECT_PAGES.add(ObjectPage(Mirror, "mirrors:detail"))
        OBJECT_PAGES.add(ObjectPage(MirrorRun, "mirrors:run"))
