"""URLs of the objects of audit events.

Upper apps register the pages of their models here; this app imports none of them.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model
from django.urls import reverse

from ..models import AuditEvent, User

_routes: dict[str, tuple[type[Model], str]] = {}


def register_page(model: type[Model], route: str) -> None:
    """Register a URL name that takes the row's key; the model's queryset has `visible_to`."""
    _routes[str(model._meta.model_name)] = (model, route)


def object_urls(events: Iterable[AuditEvent], user: User) -> dict[tuple[str, str], str]:
    """Return the URLs of the events' objects, by kind and key.

    Objects that were removed, or that the person may not see, are left out.
    """
    keys: dict[str, set[str]] = defaultdict(set)
    for event in events:
        if event.object_kind in _routes:
            keys[event.object_kind].add(event.object_key)

    # One query a kind, however many events the page has.
    return {
        (kind, key): url
        for kind, kind_keys in keys.items()
        for key, url in _urls(kind, kind_keys, user).items()
    }


def _urls(kind: str, keys: set[str], user: User) -> dict[str, str]:
    model, route = _routes[kind]
    rows: Any = model._default_manager
    try:
        visible = rows.visible_to(user).filter(pk__in=keys).values_list("pk", flat=True)
        return {str(pk): reverse(route, args=[pk]) for pk in visible}
    # Events of an older version may have keys of another type.
    except (ValidationError, ValueError):
        return {}
