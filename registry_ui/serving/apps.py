from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class ServingConfig(AppConfig):
    name = "registry_ui.serving"

    def ready(self) -> None:
        from registry_ui.images.garbage_collection import MARK_SOURCES
        from registry_ui.images.names import NAME_OBSERVERS
        from registry_ui.jobs.scheduled_tasks import SCHEDULED_TASKS, ScheduledTask
        from registry_ui.registries.builtin_registry import BUILTIN_OPENERS

        from .builtin_registry import BuiltinRegistry
        from .name_changes import NAME_OBSERVER
        from .proxy_cache import marks_of_kept_tags
        from .repositories import marks_of_referrers

        BUILTIN_OPENERS.add(BuiltinRegistry)
        MARK_SOURCES.add(marks_of_referrers)
        MARK_SOURCES.add(marks_of_kept_tags)
        NAME_OBSERVERS.add(NAME_OBSERVER)
        post_migrate.connect(
            _ensure_builtin_registries,
            sender=self,
            dispatch_uid="serving.ensure_builtin_registries",
        )
        SCHEDULED_TASKS.add(
            ScheduledTask(
                "registry_ui.serving.maintenance.maintain_builtin_registry",
                _("Maintain the built-in registry"),
                3600,
            )
        )


def _ensure_builtin_registries(**_kwargs: Any) -> None:
    """Add the built-in registry to every team, at every start.

    The server's address may have changed, and teams may come from an older version.
    """
    from .maintenance import ensure_builtin_registries

    ensure_builtin_registries()
