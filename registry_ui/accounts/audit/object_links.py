"""URLs of the objects of audit events.

Upper apps add the pages of their models here; this app imports none of them.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model
from django.urls import reverse

from registry_ui.web.extension import Extension

from ..models import AuditEvent, User


@dataclass(frozen=True, slots=True)
class ObjectPage:
    """The page of a model's objects.

    Args:
        model: its queryset has `visible_to`.
        route: a URL name that takes the row's key.
    """

    model: type[Model]
    route: str

    @property
    def kind(self) -> str:
        """The kind of these objects in audit events."""
        return str(self.model._meta.model_name)


OBJECT_PAGES: Extension[ObjectPage] = Extension()


def object_urls(events: Iterable[AuditEvent], user: User) -> dict[tuple[str, str], str]:
    """Return the URLs of the events' objects, by kind and key.

    Objects that were removed, or that the person may not see, are left out.
    """
    pages = {page.kind: page for page in OBJECT_PAGES}
    keys: dict[str, set[str]] = defaultdict(set)
    for event in events:
        if event.object_kind in pages:
            keys[event.object_kind].add(event.object_key)

    # One query a kind, however many events the page has.
    return {
        (kind, key): url
        for kind, kind_keys in keys.items()
        for key, url in _urls(pages[kind], kind_keys, user).items()
    }


def _urls(page: ObjectPage, keys: set[str], user: User) -> dict[str, str]:
    rows: Any = page.model._default_manager
    try:
        visible = rows.visible_to(user).filter(pk__in=keys).values_list("pk", flat=True)
        return {str(pk): reverse(page.route, args=[pk]) for pk in visible}
    # Events of an older version may have keys of another type.
    except (ValidationError, ValueError):
        return {}
