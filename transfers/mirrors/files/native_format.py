"""The project's own format, as `exporting` writes it."""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from .entry import Entry
from .exporter import COLUMNS, LOCAL_TARGET, VERSION
from .yaml_document import flag, number, objects, texts

_FLAGS = {"referrers": True, "delete_extras": False, "verify": True}
_NUMBERS = {"delete_cap": 10, "jitter_seconds": 0}
_LISTS = ("repositories", "platforms")
_KNOWN = {*COLUMNS, "name", "source", "target", "source_login", "target_login"}


def is_own(document: dict[str, Any]) -> bool:
    return VERSION in document and isinstance(document.get("mirrors"), list)


def read(document: dict[str, Any]) -> Iterator[Entry]:
    for item in objects(document["mirrors"]):
        target = str(item.get("target", ""))
        entry = Entry(
            name=str(item.get("name", "")),
            source=str(item.get("source", "")),
            target="" if target == LOCAL_TARGET else target,
            source_login=str(item.get("source_login", "")),
            target_login=str(item.get("target_login", "")),
            values={name: _value(name, item[name]) for name in COLUMNS if name in item},
        )

        # A newer version may write members that this one does not know.
        for name in sorted(set(item) - _KNOWN):
            entry.warnings.append(_("%(name)s is not carried over.") % {"name": name})

        yield entry


def _value(name: str, value: Any) -> Any:
    """Convert a text of the file to the type of the model's column."""
    # The loader keeps every scalar as text, so types are restored here.
    if name in _FLAGS:
        return flag(value, _FLAGS[name])
    if name in _NUMBERS:
        return number(value, _NUMBERS[name])
    if name in _LISTS:
        return texts(value)
    if name == "naming" and isinstance(value, dict):
        return {key: number(item, 0) if key == "levels" else item for key, item in value.items()}

    if name == "selection" and isinstance(value, dict):
        kinds: dict[str, Any] = {
            "newest": lambda item: number(item, 0),
            "prereleases": lambda item: flag(item, True),
        }
        return {key: kinds.get(key, lambda item: item)(item) for key, item in value.items()}

    return value if isinstance(value, str) else ""
