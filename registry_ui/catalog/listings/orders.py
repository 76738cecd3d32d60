"""Orders of the lists of repositories and tags, by their names in a query string."""

from collections.abc import Mapping

from django.core.exceptions import BadRequest
from django.utils.translation import gettext as _

from registry_ui.tags import parse_tag, sort_key
from registry_ui.web.keyset import Keyset

from ..indexing.tag_columns import columns_of_name


def _by_version(name: str) -> list[bytes]:
    # A cursor holds the tag's name, which is shorter than its key; the key follows from it.
    return [sort_key(parse_tag(name))]


def _by_variant_and_version(name: str) -> list[str | bytes]:
    columns = columns_of_name(name)
    return [columns["flavour"], columns["order_key"]]


# The first one is the default. A name is unique in a registry; the other columns need the key as a
# tie-breaker.
REPOSITORIES: Mapping[str, Keyset] = {
    "name": Keyset("name"),
    "-name": Keyset("-name"),
    "-changed": Keyset("-changed_at", "-id"),
    "changed": Keyset("changed_at", "id"),
    "-size": Keyset("-size", "-id"),
    "size": Keyset("size", "id"),
    "-tags": Keyset("-tag_count", "-id"),
    "tags": Keyset("tag_count", "id"),
}

# Each of them has an index in the model.
TAGS: Mapping[str, Keyset] = {
    "-version": Keyset("-order_key", cursor="name", values_of=_by_version),
    "version": Keyset("order_key", cursor="name", values_of=_by_version),
    "-date": Keyset("-built_at", "-id"),
    "date": Keyset("built_at", "id"),
    "-size": Keyset("-size", "-id"),
    "size": Keyset("size", "id"),
    "name": Keyset("name"),
    "-name": Keyset("-name"),
}

# The same names as above, so that grouping keeps the order.
TAGS_BY_VARIANT: Mapping[str, Keyset] = {
    "-version": Keyset("flavour", "-order_key", cursor="name", values_of=_by_variant_and_version),
    "version": Keyset("flavour", "order_key", cursor="name", values_of=_by_variant_and_version),
    "-date": Keyset("flavour", "-built_at", "-id"),
    "date": Keyset("flavour", "built_at", "id"),
    "-size": Keyset("flavour", "-size", "-id"),
    "size": Keyset("flavour", "size", "id"),
    "name": Keyset("flavour", "name"),
    "-name": Keyset("flavour", "-name"),
}


def selected_order(orders: Mapping[str, Keyset], requested: str) -> str:
    """Return the requested order's name, or the first one's if none is requested.

    Raises:
        BadRequest: the name is unknown.
    """
    name = requested or next(iter(orders))
    if name not in orders:
        raise BadRequest(_("There is no such order."))
    return name
