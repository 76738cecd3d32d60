from django.apps import AppConfig


class ImagesConfig(AppConfig):
    name = "registry_ui.images"

    def ready(self) -> None:
        from registry_ui.accounts.audit.object_links import register_page
        from registry_ui.accounts.deletion_summary import register_deletion_summary
        from registry_ui.accounts.team_seeds import register_team_seed
        from registry_ui.web.overview import register_overview_section
        from registry_ui.web.search_sources import register_search_source

        from .deletion_summary import deletion_summary
        from .models import LocalImage
        from .overview import overview_section
        from .sample import install_sample_image
        from .search import find_local_images

        register_deletion_summary(deletion_summary)
        register_team_seed(install_sample_image)
        register_overview_section(30, overview_section)
        register_page(LocalImage, "images:detail")
        register_search_source(40, find_local_images)
