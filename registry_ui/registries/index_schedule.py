"""The index schedule of registries: every `index_hours`, and soon after a change."""

from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from .models import Registry

# A failed run is repeated sooner than the schedule says: the registry may be back in minutes.
RETRY = timedelta(hours=1)


def next_time(registry: Registry, *, after: datetime, failed: bool = False) -> datetime | None:
    """Return the time of the next run; None without a schedule."""
    interval = timedelta(hours=registry.index_hours)
    if not interval:
        return None
    return after + (min(interval, RETRY) if failed else interval)


def schedule_index(registry: Registry) -> None:
    """Schedule a run for the scheduler's next round.

    Call it for a new registry, and for a new login that may show more of its contents.
    """
    Registry.objects.filter(pk=registry.pk, index_hours__gt=0).update(next_index_at=timezone.now())


def ensure_scheduled(registry: Registry) -> None:
    """Start the schedule of a registry from which a repository is now kept in the index."""
    next_index_at = next_time(registry, after=timezone.now())
    Registry.objects.filter(pk=registry.pk, next_index_at=None, index_hours__gt=0).update(
        next_index_at=next_index_at
    )


def claim_due() -> list[Registry]:
    """Return the registries that are due, each to one of several schedulers only."""
    now = timezone.now()
    # Here and not in the settings form: the hours may change in any other way too.
    _apply_changed_hours(now)
    due = (
        Registry.objects.filter(index_hours__gt=0, next_index_at__lte=now)
        .select_related("team")
        .order_by("next_index_at")
    )
    return [registry for registry in due if _reschedule(registry, next_time(registry, after=now))]


def _apply_changed_hours(now: datetime) -> None:
    """Reschedule registries whose `index_hours` were changed since the last run."""
    # Docker Hub's default row is not planned: nothing of it is kept until a repository is used.
    planned = Q(next_index_at__isnull=False) | Q(indexed_at__isnull=False)
    for registry in Registry.objects.filter(planned):
        latest = next_time(registry, after=now)
        if latest is None and registry.next_index_at is not None:
            _reschedule(registry, None)
        elif latest is not None and (
            registry.next_index_at is None or registry.next_index_at > latest
        ):
            _reschedule(registry, latest)


def _reschedule(registry: Registry, next_index_at: datetime | None) -> bool:
    """Set the next time unless it was changed meanwhile; return whether it was set."""
    # A conditional update: of several schedulers, exactly one changes the row.
    return bool(
        Registry.objects.filter(pk=registry.pk, next_index_at=registry.next_index_at).update(
            next_index_at=next_index_at
        )
    )
