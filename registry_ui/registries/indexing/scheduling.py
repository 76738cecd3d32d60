"""When a registry is looked at without being asked to: every `index_hours`, and soon after something new is known of it."""

from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from ..models import Registry

# A registry that did not answer is asked again sooner than its turn would be.
RETRY = timedelta(hours=1)


def next_time(registry: Registry, *, after: datetime, failed: bool = False) -> datetime | None:
    """None where it is looked at only when somebody asks."""
    hours = timedelta(hours=registry.index_hours)
    return after + (min(hours, RETRY) if failed else hours) if hours else None


def look_soon(registry: Registry) -> None:
    """At the scheduler's next round: the registry is new, or a login was added that may show more of it."""
    Registry.objects.filter(pk=registry.pk, index_hours__gt=0).update(next_index_at=timezone.now())


def keep_fresh(registry: Registry) -> None:
    """Something is kept in its index from now on, so it has to be looked at again and again."""
    when = next_time(registry, after=timezone.now())
    Registry.objects.filter(pk=registry.pk, next_index_at=None, index_hours__gt=0).update(
        next_index_at=when
    )


def claim_due() -> list[Registry]:
    """The registries whose time has come, each given to one of several schedulers only."""
    now = timezone.now()
    _follow_changed_hours(now)
    due = (
        Registry.objects.filter(index_hours__gt=0, next_index_at__lte=now)
        .select_related("team")
        .order_by("next_index_at")
    )
    return [registry for registry in due if _move(registry, next_time(registry, after=now))]


def _follow_changed_hours(now: datetime) -> None:
    """Hours that were changed since the next look was planned take effect."""
    planned = Q(next_index_at__isnull=False) | Q(indexed_at__isnull=False)
    for registry in Registry.objects.filter(planned):
        latest = next_time(registry, after=now)
        if latest is None and registry.next_index_at is not None:
            _move(registry, None)
        elif latest is not None and (
            registry.next_index_at is None or registry.next_index_at > latest
        ):
            _move(registry, latest)


def _move(registry: Registry, when: datetime | None) -> bool:
    """Plan the next look anew, if it is still planned as it was seen."""
    return bool(
        Registry.objects.filter(pk=registry.pk, next_index_at=registry.next_index_at).update(
            next_index_at=when
        )
    )
