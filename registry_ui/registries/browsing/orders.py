"""The orders in which repositories and tags are listed, by their names in an address."""

from collections.abc import Mapping

from django.core.exceptions import BadRequest
from django.utils.translation import gettext as _

from registry_ui.tags import parse_tag, sort_key
from registry_ui.web.keyset import Keyset

from ..indexing.rows import columns_of_name


def _by_version(name: str) -> list[bytes]:
    """A tag's name is a shorter cursor than the key that follows from it."""
    return [sort_key(parse_tag(name))]


def _by_variant_and_version(name: str) -> list[str | bytes]:
    columns = columns_of_name(name)
    return [columns["flavour"], columns["order_key"]]


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


def chosen_order(orders: Mapping[str, Keyset], wish: str) -> str:
    """The name of the order that is wished for, else of the first.

    Raises:
        BadRequest: there is none of that name.
    """
    name = wish or next(iter(orders))
    if name not in orders:
        raise BadRequest(_("There is no such order."))
    return name
