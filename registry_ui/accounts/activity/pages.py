"""Where the objects of events have their pages. Apps above register theirs; this app imports none of them."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model
from django.urls import reverse

from ..models import AuditEvent, User

_routes: dict[str, tuple[type[Model], str]] = {}


def register_page(model: type[Model], route: str) -> None:
    """`route` takes the row's key; the model's queryset has `visible_to`."""
    _routes[str(model._meta.model_name)] = (model, route)


def pages_of(events: Iterable[AuditEvent], user: User) -> dict[tuple[str, str], str]:
    """Addresses by the objects' kinds and keys, of those that still exist and that the person may see."""
    keys: dict[str, set[str]] = defaultdict(set)
    for event in events:
        if event.object_kind in _routes:
            keys[event.object_kind].add(event.object_key)
    return {
        (kind, key): address
        for kind, wanted in keys.items()
        for key, address in _pages(kind, wanted, user).items()
    }


def _pages(kind: str, keys: set[str], user: User) -> dict[str, str]:
    model, route = _routes[kind]
    rows: Any = model._default_manager
    try:
        found = rows.visible_to(user).filter(pk__in=keys).values_list("pk", flat=True)
        return {str(pk): reverse(route, args=[pk]) for pk in found}
    except (ValidationError, ValueError):
        return {}
