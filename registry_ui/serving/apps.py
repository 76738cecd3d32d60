from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_delete, post_migrate, post_save


class ServingConfig(AppConfig):
    name = "registry_ui.serving"

    def ready(self) -> None:
        from registry_ui.images.collecting import register_marks
        from registry_ui.images.models import LocalImage
        from registry_ui.registries.this_server import register_opener

        from .embedded import ThisServer
        from .naming import name_given, name_taken
        from .proxying import marked_by_kept_tags
        from .repositories import marked_by_holdings

        register_opener(ThisServer)
        register_marks(marked_by_holdings)
        register_marks(marked_by_kept_tags)
        post_save.connect(name_given, sender=LocalImage, dispatch_uid="serving.name_given")
        post_delete.connect(name_taken, sender=LocalImage, dispatch_uid="serving.name_taken")
        post_migrate.connect(_equip_teams, sender=self, dispatch_uid="serving.equip_teams")


def _equip_teams(**_kwargs: Any) -> None:
    """At every start: the address may be another one than last time, and teams may come from an older version."""
    from .chores import equip_teams

    equip_teams()
