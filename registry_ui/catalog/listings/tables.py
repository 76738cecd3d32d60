"""Columns and orders of the lists of repositories and tags.

The cells are in `registries/_repositories_table.html` and `registries/_tags_table.html`.
"""

from collections.abc import Mapping

from django.core.exceptions import BadRequest
from django.utils.translation import gettext_lazy as _

from registry_ui.tags import parse_tag, sort_key
from registry_ui.web.keyset import Keyset
from registry_ui.web.tables import Column, Table

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


REPOSITORY_TABLE = Table(
    (
        Column(name="name", label=_("Repository"), order="name"),
        Column(name="tags", label=_("Tags"), order="-tags", is_numeric=True),
        Column(name="size", label=_("Size"), order="-size"),
        Column(name="changed", label=_("Last change"), order="-changed"),
    )
)

TAG_TABLE = Table(
    (
        Column(
            name="version",
            label=_("Tag"),
            order="-version",
            order_labels=(_("Newest version first"), _("Oldest version first")),
        ),
        Column(name="digest", label=_("Digest"), can_hide=True),
        Column(name="platforms", label=_("Platforms"), can_hide=True),
        Column(
            name="size",
            label=_("Size"),
            order="-size",
            order_labels=(_("Largest first"), _("Smallest first")),
            is_numeric=True,
            can_hide=True,
        ),
        Column(
            name="built",
            label=_("Built"),
            order="-date",
            order_labels=(_("Built last first"), _("Built first first")),
            can_hide=True,
        ),
        Column(name="changed", label=_("Last change"), can_hide=True),
    ),
    # The aliases have no column: they stand below the tag.
    parts=(Column(name="aliases", label=_("Other names of the digest"), can_hide=True),),
    more_orders=(("name", _("By name")), ("-name", _("By name, from the end"))),
)


def selected_order(orders: Mapping[str, Keyset], requested: str) -> str:
    """Return the requested order's name, or the first one's if none is requested.

    Raises:
        BadRequest: the name is unknown.
    """
    name = requested or next(iter(orders))
    if name not in orders:
        raise BadRequest(_("There is no such order."))
    return name
