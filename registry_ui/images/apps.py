from django.apps import AppConfig


class ImagesConfig(AppConfig):
    name = "registry_ui.images"

    def ready(self) -> None:
        from registry_ui.accounts.activity.pages import register_page
        from registry_ui.accounts.belongings import register_belongings
        from registry_ui.accounts.first_start import register_first_gift
        from registry_ui.web.overview import register_section
        from registry_ui.web.searching import register_source

        from .belongings import images_of
        from .models import LocalImage
        from .overview import section
        from .sample import lay_sample
        from .searching import find_local_images

        register_belongings(images_of)
        register_first_gift(lay_sample)
        register_section(30, section)
        register_page(LocalImage, "images:detail")
        register_source(40, find_local_images)
