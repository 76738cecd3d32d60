"""Retention of finished index runs."""

from datetime import timedelta

from django.utils import timezone

from registry_ui.jobs.models import TERMINAL_STATES

from ..models import IndexRun
from .artifact_rows import chunks

KEPT_FOR = timedelta(days=30)


def delete_old_index_runs() -> int:
    """Delete runs that ended long ago, and return how many.

    The latest run of each registry stays, whatever its age: its page shows it.
    """
    ended = IndexRun.objects.filter(state__in=TERMINAL_STATES)
    # A loop with one query per registry: there are few registries, and an index serves each query.
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
    # Keys first, so that the rows can be deleted in chunks that any database accepts.
    keys = list(old.order_by().values_list("pk", flat=True))
    for chunk in chunks(keys):
        IndexRun.objects.filter(pk__in=chunk).delete()
    return len(keys)
