"""Ended runs are kept for people to look at, and not for ever."""

from datetime import timedelta

from django.utils import timezone

from registry_ui.jobs.models import TERMINAL_STATES

from ..models import IndexRun
from .saving import chunks

KEPT_FOR = timedelta(days=30)


def drop_old_runs() -> int:
    """How many were dropped: those that ended long ago. The latest of each registry stays, whatever its age."""
    ended = IndexRun.objects.filter(state__in=TERMINAL_STATES)
    latest = set()
    for registry in ended.order_by().values_list("registry", flat=True).distinct():
        latest.add(
            ended.filter(registry=registry, repository="")
            .order_by("-created_at", "-id")
            .values_list("pk", flat=True)
            .first()
        )
    old = ended.filter(finished_at__lt=timezone.now() - KEPT_FOR).exclude(
        pk__in=[key for key in latest if key]
    )
    keys = list(old.order_by().values_list("pk", flat=True))
    for chunk in chunks(keys):
        IndexRun.objects.filter(pk__in=chunk).delete()
    return len(keys)
