from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ImagesConfig(AppConfig):
    name = "registry_ui.images"

    def ready(self) -> None:
        from registry_ui.accounts.audit.object_links import OBJECT_PAGES, ObjectPage
        from registry_ui.accounts.team_extensions import DELETION_SUMMARIES, TEAM_SEEDS
        from registry_ui.jobs.scheduled_tasks import SCHEDULED_TASKS, ScheduledTask
        from registry_ui.web.overview import OVERVIEW_SECTIONS
        from registry_ui.web.search_sources import SEARCH_SOURCES

        from .deletion_summary import deletion_summary
        from .models import LocalImage
        from .overview import overview_section
        from .sample import install_sample_image
        from .search import find_local_images

        DELETION_SUMMARIES.add(deletion_summary)
        TEAM_SEEDS.add(install_sample_image)
        OVERVIEW_SECTIONS.add(overview_section, order=30)
        OBJECT_PAGES.add(ObjectPage(LocalImage, "images:detail"))
        SEARCH_SOURCES.add(find_local_images, order=40)
        SCHEDULED_TASKS.add(
            ScheduledTask(
                "registry_ui.images.garbage_collection.collect_blobs",
                _("Delete unused blobs"),
                3600,
            )
        )
        SCHEDULED_TASKS.add(
            ScheduledTask(
                "registry_ui.images.archives.archive_uploads.collect_uploads",
                _("Delete old uploads of archives"),
                3600,
            )
        )
